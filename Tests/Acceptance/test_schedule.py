"""The schedule of identities: what is asked how often, what becomes an entry, and that one instance asks for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from api import Api, ok
from name_server import NameServer, Zone
from service import DataDirectory, unique, wait_until

pytestmark = pytest.mark.mail

#: Seconds between two checks of a DMARC record.
INTERVAL = 1
QUICK = ["--dns-timeout", "300ms", "--dns-cache-time", "1ms", "--dmarc-interval", f"{INTERVAL}s",
         "--spf-dkim-interval", "1h", "--identity-retry", "1s"]
NONE, REJECT = "v=DMARC1; p=none", "v=DMARC1; p=reject"


@pytest.fixture(scope="module")
def directory(names: NameServer) -> Iterator[DataDirectory]:
    directory = DataDirectory()
    try:
        for _ in range(2):
            directory.serve(arguments=["--resolver", names.address, *QUICK])
        yield directory
    finally:
        directory.close()


@pytest.fixture
def api(directory: DataDirectory) -> Api:
    return directory.api()


@pytest.fixture
def domain(names: NameServer) -> str:
    domain = f"{unique('i')}.example"
    publish(names, domain, NONE)
    return domain


def publish(names: NameServer, domain: str, policy: str) -> None:
    names.zone = Zone().txt(domain, "v=spf1 ip4:192.0.2.0/24 -all").txt(f"_dmarc.{domain}", policy)


def add(api: Api, domain: str) -> None:
    ok(api.call("PUT", f"/v1/identities/{domain}", json={"addresses": ["192.0.2.10"]}), 201)


def stands(api: Api, domain: str, assessment: str) -> dict[str, Any]:
    """The identity once it stands so."""
    def found() -> dict[str, Any] | None:
        identity = api.json(f"/v1/identities/{domain}")
        return identity if identity.get("assessment") == assessment else None

    return wait_until(found, 20, f"{domain} to be {assessment}", pause=0.1)


def history(api: Api, domain: str) -> list[dict[str, Any]]:
    return api.json(f"/v1/identities/{domain}/history")["checks"]


def asked(names: NameServer, name: str) -> int:
    return names.questions.count((name, "TXT"))


def test_a_change_of_the_zone_is_an_entry_with_what_changed(api: Api, names: NameServer, domain: str) -> None:
    add(api, domain)
    first = stands(api, domain, "monitoring")
    publish(names, domain, REJECT)
    second = stands(api, domain, "protected")
    checks = history(api, domain)
    assert [check["assessment"] for check in checks] == ["protected", "monitoring"]
    assert [check["trigger"] for check in checks] == ["scheduled", "scheduled"]
    changes = {change["path"]: change for change in checks[0]["changes"]}
    assert changes["dmarc.record"] == {"path": "dmarc.record", "before": NONE, "after": REJECT}
    assert changes["assessment"]["after"] == "protected"
    entry = api.json(f"/v1/entries/{second['verification_seq']}")["entry"]["data"]
    assert entry["previous"] == first["verification_seq"] and "dmarc.record" in entry["changed"]


def test_what_stays_the_same_is_asked_for_again_and_makes_no_entry(api: Api, names: NameServer, domain: str) -> None:
    add(api, domain)
    first = stands(api, domain, "monitoring")
    wait_until(lambda: asked(names, f"_dmarc.{domain}") >= 4, 20, "some checks", pause=0.1)
    assert len(history(api, domain)) == 1
    assert asked(names, domain) == 1, "SPF is asked for once a day"
    later = api.json(f"/v1/identities/{domain}")
    assert later["checked_at"] > first["checked_at"]


def test_two_instances_ask_as_often_as_one(
    api: Api, names: NameServer, domain: str, report: Callable[[str], None],
) -> None:
    add(api, domain)
    stands(api, domain, "monitoring")
    start, before = api.json(f"/v1/identities/{domain}")["checked_at"], asked(names, f"_dmarc.{domain}")
    seen = {start}

    def enough() -> bool:
        seen.add(api.json(f"/v1/identities/{domain}")["checked_at"])
        return len(seen) > 5

    wait_until(enough, 30, "five more checks", pause=0.05)
    questions = asked(names, f"_dmarc.{domain}") - before
    report(f"{questions} questions in {len(seen) - 1} checks of an identity that two instances serve")
    assert questions <= len(seen)
    assert len(history(api, domain)) == 1


def test_new_settings_are_held_to_the_zone_at_once(api: Api, names: NameServer, domain: str) -> None:
    add(api, domain)
    stands(api, domain, "monitoring")
    ok(api.call("PUT", f"/v1/identities/{domain}", json={"addresses": ["198.51.100.1"]}), 201)
    wait_until(lambda: "spf.results" in str(history(api, domain)[0]["changes"]), 20, "the new check", pause=0.1)
    same = api.call("PUT", f"/v1/identities/{domain}", json={"addresses": ["198.51.100.1"]})
    assert ok(same, 200)["changed"] is False


def test_a_name_server_that_is_down_is_a_new_entry_and_so_is_its_return(
    api: Api, names: NameServer, domain: str,
) -> None:
    publish(names, domain, REJECT)
    add(api, domain)
    stands(api, domain, "protected")
    names.zone.fail(f"_dmarc.{domain}", "drop", "TXT")
    stands(api, domain, "indeterminate")
    publish(names, domain, REJECT)
    stands(api, domain, "protected")
    assert [check["assessment"] for check in reversed(history(api, domain))] == [
        "protected", "indeterminate", "protected"]


def test_the_schedule_survives_a_killed_instance(directory: DataDirectory, names: NameServer, domain: str) -> None:
    add(directory.api(), domain)
    stands(directory.api(), domain, "monitoring")
    directory.instances[0].kill()
    publish(names, domain, REJECT)
    stands(directory.api(), domain, "protected")
    assert directory.verify().is_intact


def test_a_day_without_news_is_a_heartbeat(names: NameServer, own_directory: DataDirectory, domain: str) -> None:
    own_directory.serve(arguments=["--resolver", names.address, *QUICK, "--identity-heartbeat", "3s"])
    api = own_directory.api()
    add(api, domain)
    wait_until(lambda: domain and len(
        api.json("/v1/entries", kind="verification")["entries"]) >= 2, 20, "a heartbeat", pause=0.2)
    checks = history(api, domain)
    assert (checks[0]["trigger"], checks[0]["changes"]) == ("heartbeat", [])


def test_the_commands_say_how_an_identity_stands(names: NameServer, own_service: DataDirectory, domain: str) -> None:
    resolver = ["--resolver", names.address, "--dns-timeout", "300ms"]
    added = own_service.run("identity", "add", domain, "--address", "192.0.2.10", *resolver)
    assert added.returncode == 0, added.stderr
    assert f"{domain} is monitoring".encode() in added.stdout and b"p to quarantine or reject" in added.stdout
    assert own_service.run("identity", "check", domain, *resolver).returncode == 1
    publish(names, domain, REJECT)
    checked = own_service.run_json("identity", "check", domain, *resolver)
    assert checked["result"]["assessment"] == "protected"
    assert own_service.run_json("identity", "list")["identities"][0]["assessment"] == "protected"
    shown = own_service.run("identity", "history", domain).stdout.decode()
    assert f'dmarc.record: "{NONE}" -> "{REJECT}"' in shown
    unknown = own_service.run("identity", "check", "other.example", *resolver)
    assert unknown.returncode == 3 and b"identity add" in unknown.stderr

"""Random signed messages, many of them damaged: dkimpy and the service say the same, but for habits of dkimpy that
are named."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

import dkimpy_habits
from api import Api, ok
from explained import Comparison
from name_server import NameServer, Zone
from service import DataDirectory
from signed_mail import DAMAGES, Mail, Mails

pytestmark = pytest.mark.mail

# Of the option --entries, which says how much a run may take.
ENTRIES_PER_MESSAGE = 5
MESSAGES_MAX = 2_000
SHOWN_MAX = 3
REASONS = {"ok", "body_hash_mismatch", "signature_mismatch", "identity_mismatch", "expired", "body_length_limit",
           "key_not_found", "key_revoked"}
KEYS = ("rsa-sha256 1024", "rsa-sha256 2048", "ed25519-sha256 256")
FORMS = {f"{header}/{body}" for header in ("simple", "relaxed") for body in ("simple", "relaxed")}


@pytest.fixture(scope="module")
def mails(mail_seed: int) -> Mails:
    return Mails(random.Random(f"{mail_seed}/dkim"), int(time.time()))


@pytest.fixture(scope="module")
def verifier(mails: Mails) -> Iterator[Api]:
    """A caller of a service that knows the keys from a name server, and keeps them as long as it may."""
    zone = Zone()
    for owner, record in mails.records.items():
        zone.txt(owner, *(record[at:at + 255] for at in range(0, len(record), 255)))
    names, directory = NameServer(zone, ttl=3_600), DataDirectory()
    try:
        directory.serve(arguments=["--resolver", names.address])
        yield directory.api()
    finally:
        directory.close()
        names.close()


def test_random_messages_verify_as_with_dkimpy(
    verifier: Api, mails: Mails, mail_seed: int, request: pytest.FixtureRequest, report: Callable[[str], None],
) -> None:
    comparison = Comparison(dkimpy_habits.HABITS)
    reasons: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    damages: Counter[str] = Counter()
    count = min(MESSAGES_MAX, request.config.option.entries // ENTRIES_PER_MESSAGE)
    for _ in range(count):
        mail = mails.mail()
        results = verified(verifier, mail, mails.as_of)
        damages[mail.damage] += 1
        assert len(results) >= len(mail.signers), str(mail)
        for result in results:
            reasons[result["reason"]] += 1
            passed[f"{result.get('a')} {result.get('bits')} {result.get('c')}"] += result["reason"] == "ok"
            kind = dkimpy_habits.KINDS[result["reason"]]
            comparison.add(mail.__str__, kind, theirs(mail, mails, result["index"]))
    report(comparison.text(mail_seed, "dkimpy"))
    for title, counts in (("reasons", reasons), ("passed", passed), ("damage", damages)):
        report(f"{title}: " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items()) if count))
    assert not comparison.unexplained, "\n\n".join(comparison.unexplained[:SHOWN_MAX])
    if count == MESSAGES_MAX:
        assert not REASONS - set(reasons), "a reason never came"
        assert not {*DAMAGES, "none"} - set(damages), "a damage never came"
        assert not {f"{key} {form}" for key in KEYS for form in FORMS} - set(+passed), "a kind never passed"


def verified(api: Api, mail: Mail, as_of: int) -> list[dict[str, Any]]:
    """What the service says of each signature."""
    moment = datetime.fromtimestamp(as_of, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = api.call("POST", "/v1/verifications/message", data=mail.message, params={"as_of": moment},
                      headers={"Content-Type": "message/rfc822"})
    return ok(answer, 200)["results"]["dkim"]


def theirs(mail: Mail, mails: Mails, index: int) -> Callable[[frozenset[str]], str]:
    """What dkimpy says of the signature at `index` without some of its habits."""

    def verdict(gone: frozenset[str]) -> str:
        kinds = dkimpy_habits.kinds(mail.message, mails.key_at, mails.as_of, gone)
        if kinds is None:
            return "unreadable"
        return kinds[index] if index < len(kinds) else "no signature"

    return verdict

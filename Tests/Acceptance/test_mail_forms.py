"""One form for what can be written in several: line ends, and names in Unicode, through every door and a real zone."""

from __future__ import annotations

import base64
import gzip
import json
import os
import random
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dkim
import idna
import pytest

from api import Api, ok, problem
from paths import BINARY, ROOT
from report_files import Report, Row, mailed
from service import DataDirectory, unique
from zones import Sender

sys.path.insert(0, str(ROOT / "ops"))

import knot  # noqa: E402
from knot import Knot  # noqa: E402

pytestmark = pytest.mark.mail

PLAIN, UNICODE = "plain.test", "münchen.test"
ASCII = "xn--mnchen-3ya.test"
ENVELOPE = {"ip": "192.0.2.10", "helo": f"mx.{UNICODE}", "mail_from": f"bounce@{UNICODE}"}


@dataclass
class Setting:
    sender: Sender
    address: str
    directory: DataDirectory

    @property
    def api(self) -> Api:
        return self.directory.api()

    def command(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [str(BINARY), "message", "check", "--dns-stub", f"test={self.address}", "--dns-timeout", "1s", *arguments],
            capture_output=True, check=False, timeout=300, cwd=cwd)


@pytest.fixture(scope="module")
def setting() -> Iterator[Setting]:
    if knot.program() is None:
        assert os.environ.get("CI") != "true", "knotd is missing: apt-get install knot"
        pytest.skip("knotd is missing: apt-get install knot")
    sender = Sender()
    doubled = sender.zone("doubled.test").replace("p=reject", "p=reject; p=none")
    zones = {PLAIN: sender.zone(PLAIN), ASCII: sender.zone(ASCII), "doubled.test": doubled,
             "test": "$ORIGIN test.\n$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 300\n@ NS ns\nns A 127.0.0.1\n"}
    server, directory = Knot(zones), DataDirectory()
    try:
        directory.serve(arguments=["--dns-stub", f"test={server.address}", "--dns-timeout", "1s",
                                   "--trusted-authserv-id", "mx.acme.example"])
        yield Setting(sender, server.address, directory)
        assert directory.verify().is_intact
    finally:
        directory.close()
        server.close()


def check(api: Api, message: bytes, status: int = 200, **query: str) -> dict[str, Any]:
    return ok(api.call("POST", "/v1/verifications/message", data=message, params=query,
                       headers={"Content-Type": "message/rfc822"}), status)


def entry(api: Api, seq: int) -> dict[str, Any]:
    return api.json(f"/v1/entries/{seq}")["entry"]


def replay(api: Api, seq: int, message: bytes) -> dict[str, Any]:
    return ok(api.call("POST", f"/v1/verifications/{seq}/replay", data=message,
                       headers={"Content-Type": "message/rfc822"}), 200)


def judged(answer: dict[str, Any]) -> dict[str, Any]:
    """A verdict without what differs from call to call."""
    return {name: value for name, value in answer.items()
            if name not in ("as_of", "evidence", "seq", "recorded_at")}


# -- line ends


def bare(message: bytes) -> bytes:
    return message.replace(b"\r\n", b"\n")


def test_a_mail_of_bare_line_feeds_gets_the_verdict_of_the_mail_that_was_signed(setting: Setting) -> None:
    message = setting.sender.mail(PLAIN)
    signed = judged(check(setting.api, message))
    assert signed["assessment"] == "aligned" and "line_endings" not in signed["message"]
    restored = judged(check(setting.api, bare(message)))
    assert restored["message"].pop("line_endings") == "restored"
    assert restored == signed


def test_a_mail_with_any_carriage_return_stays_as_it_is(setting: Setting) -> None:
    message = setting.sender.mail(PLAIN)
    for mixed in (bare(message) + b"\r\n", bare(message) + b"a\rb\n", message[:-2] + b"\n"):
        answer = check(setting.api, mixed)
        assert answer["assessment"] == "unauthenticated" and "line_endings" not in answer["message"]


def test_a_recorded_check_of_bare_line_feeds_says_so_and_can_be_replayed_with_either_ends(setting: Setting) -> None:
    api, message = setting.api, setting.sender.mail(PLAIN)
    for given, data in ((bare(message), "restored"), (message, None)):
        seq = check(api, given, 201, record="true")["seq"]
        assert entry(api, seq)["outcome"] == "aligned" and entry(api, seq)["data"].get("line_endings") == data
        for other in (message, bare(message)):
            assert replay(api, seq, other)["identical"]


def report_mail(sender: Sender) -> bytes:
    content = gzip.compress(Report(unique("id")).xml())
    text = mailed(content, author=f"noreply@{PLAIN}").replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    signature = dkim.sign(
        text, b"s1", PLAIN.encode(), base64.b64encode(bytes(sender._key)), signature_algorithm=b"ed25519-sha256",
        canonicalize=(b"relaxed", b"simple"), include_headers=[b"from"])
    return bytes(signature) + text


@pytest.mark.parametrize("door", ["http", "import"])
def test_a_report_in_a_mail_of_bare_line_feeds_has_its_carrier(setting: Setting, tmp_path: Path, door: str) -> None:
    directory = DataDirectory()
    try:
        arguments = ["--dns-stub", f"test={setting.address}", "--dns-timeout", "1s"]
        content = bare(report_mail(setting.sender))
        directory.serve(arguments=arguments)
        if door == "http":
            answer = ok(directory.api().call("POST", "/v1/dmarc-reports", data=content,
                                             headers={"Content-Type": "message/rfc822"}), 201)
            seq = answer["seq"]
        else:
            (tmp_path / "report.eml").write_bytes(content)
            seq = directory.run_json("dmarc-report", "import", str(tmp_path / "report.eml"), *arguments)["files"][0]["seq"]
        mail = entry(directory.api(), seq)["data"]["mail"]
        assert (mail["assessment"], mail["line_endings"]) == ("aligned", "restored")
        assert mail["dkim"] == [{"d": PLAIN, "reason": "ok", "result": "pass"}]
    finally:
        directory.close()


def test_the_command_gives_line_ends_back_and_says_so(setting: Setting, tmp_path: Path) -> None:
    message = setting.sender.mail(PLAIN)
    (tmp_path / "mail").write_bytes(bare(message))
    (tmp_path / "nothing").write_bytes(b"")
    told = setting.command("mail", cwd=tmp_path)
    assert told.returncode == 0, told.stdout + told.stderr
    assert b"mail: aligned\n" in told.stdout and b"given back its CRLF" in told.stdout
    answer = json.loads(setting.command("mail", "--json", cwd=tmp_path).stdout)["result"]
    assert answer["message"]["line_endings"] == "restored"
    empty = setting.command("nothing", cwd=tmp_path)
    assert empty.returncode == 1 and b"nothing: cannot be read: it is empty" in empty.stdout


# -- what is recorded for ever


@pytest.mark.parametrize(("path", "media_type"), [
    ("/v1/verifications/message", "message/rfc822"), ("/v1/verifications/message?record=true", "message/rfc822"),
    ("/v1/dmarc-reports", "application/octet-stream"), ("/v1/dmarc-reports", "message/rfc822"),
])
def test_an_empty_body_is_refused_and_recorded_nowhere(setting: Setting, path: str, media_type: str) -> None:
    size = setting.api.size()
    answer = setting.api.call("POST", path, data=b"", headers={"Content-Type": media_type})
    assert "empty" in problem(answer, 400, "invalid_member")["detail"]
    assert setting.api.size() == size


def test_a_mail_without_a_body_is_a_mail(setting: Setting) -> None:
    for message in (b"From: a@plain.test\r\n\r\n", b"From: a@plain.test\r\n", b"From: a@plain.test"):
        assert check(setting.api, message)["message"]["author_domains"] == [PLAIN]


def test_an_empty_file_is_imported_nowhere(setting: Setting, tmp_path: Path) -> None:
    (tmp_path / "empty.xml").write_bytes(b"")
    done = setting.directory.run("dmarc-report", "import", str(tmp_path / "empty.xml"))
    assert done.returncode == 1 and b"it is empty" in done.stdout


def test_what_the_caller_said_is_marked_and_what_he_did_not_say_is_not(setting: Setting) -> None:
    api, message = setting.api, setting.sender.mail(PLAIN)
    said = {"ip": "192.0.2.10", "helo": "mx.plain.test", "mail_from": "a@plain.test", "as_of": "2027-01-01T00:00:00Z"}
    for count in range(len(said) + 1):
        query = dict(list(said.items())[:count])
        answer = check(api, message, 201, record="true", **query)
        data = entry(api, answer["seq"])["data"]
        again = replay(api, answer["seq"], message)
        assert data.get("claimed", []) == answer.get("claimed", []) == again.get("claimed", []) == list(query)
        assert again["identical"]
        assert check(api, message, **query).get("claimed", []) == list(query)
    spf = ok(api.call("POST", "/v1/verifications/spf", params={"record": "true"}, json=dict(list(said.items())[:3])), 201)
    assert spf["claimed"] == entry(api, spf["seq"])["data"]["claimed"] == ["ip", "helo", "mail_from"]
    csv = api.call("GET", "/v1/export?format=csv").text
    assert any(",service,ip helo mail_from as_of," in line for line in csv.splitlines())


def test_whose_claims_are_trusted_is_the_operators_word(setting: Setting, tmp_path: Path) -> None:
    ours = b"Authentication-Results: mx.acme.example; spf=pass smtp.mailfrom=a@plain.test\r\n"
    others = b"Authentication-Results: mx.elsewhere.example; spf=pass smtp.mailfrom=a@plain.test\r\n"
    message = ours + others + setting.sender.mail(PLAIN)
    api = setting.api
    answer = check(api, message, 201, record="true")
    assert [claim["trusted"] for claim in answer["claims"]] == [True, False]
    assert entry(api, answer["seq"])["data"]["trusted_authserv_ids"] == ["mx.acme.example"]
    assert replay(api, answer["seq"], message)["identical"]
    refused = api.call("POST", "/v1/verifications/message?trust=mx.elsewhere.example", data=message,
                       headers={"Content-Type": "message/rfc822"})
    problem(refused, 400, "invalid_parameter")
    (tmp_path / "mail").write_bytes(message)
    for arguments, trusted in (([], [False, False]), (["--trusted-authserv-id", "mx.elsewhere.example"], [False, True])):
        told = json.loads(setting.command("mail", "--json", *arguments, cwd=tmp_path).stdout)
        assert [claim["trusted"] for claim in told["result"]["claims"]] == trusted


def test_a_record_with_a_tag_twice_protects_nobody(setting: Setting) -> None:
    answer = ok(setting.api.post("/v1/verifications/identity", {
        "identity": "billing@doubled.test", "selectors": ["s1"], "addresses": ["192.0.2.10"]}), 200)
    assert answer["assessment"] == "misconfigured" and answer["dmarc"]["reason"] == "no_record"
    [finding] = [each for each in answer["findings"] if each["code"].startswith("dmarc.")]
    assert (finding["code"], finding["detail"], finding["ref"]) == ("dmarc.duplicate_tag", "p", "RFC 6376 §3.2")
    assert "_dmarc.doubled.test" in finding["text"] and finding["severity"] == "error"


# -- names in Unicode


def unicode_mail(sender: Sender, domain: str, author: str) -> bytes:
    """A mail whose signature has the domain as it is written here."""
    text = f"From: Jörg <{author}>\r\nSubject: Invoice\r\n\r\nPlease pay.\r\n".encode()
    key = base64.b64encode(bytes(sender._key))
    return bytes(dkim.sign(text, b"s1", domain.encode(), key, signature_algorithm=b"ed25519-sha256",
                           canonicalize=(b"relaxed", b"relaxed"), include_headers=[b"from", b"subject"])) + text


@pytest.mark.parametrize("domain", [ASCII, UNICODE, "MÜNCHEN.test"])
@pytest.mark.parametrize("author", [f"post@{UNICODE}", f"post@{ASCII}", "пост@MÜNCHEN.TEST"])
def test_a_mail_with_names_in_unicode_is_judged_by_its_a_labels(setting: Setting, domain: str, author: str) -> None:
    answer = check(setting.api, unicode_mail(setting.sender, domain, author))
    [signature] = answer["results"]["dkim"]
    assert (signature["result"], signature["d"], signature["i"]) == ("pass", ASCII, f"@{ASCII}")
    assert answer["message"]["author_domains"] == [ASCII]
    assert answer["message"]["from"] == [author.split("@")[0] + "@" + ASCII]
    assert answer["results"]["dmarc"]["result"] == "pass" and answer["assessment"] == "aligned"


def test_an_envelope_with_names_in_unicode_is_judged_by_its_a_labels(setting: Setting) -> None:
    api = setting.api
    answer = ok(api.post("/v1/verifications/spf", ENVELOPE), 200)
    assert (answer["result"], answer["domain"]) == ("pass", ASCII)
    recorded = check(api, f"From: post@{UNICODE}\r\n\r\n".encode(), 201, record="true", **ENVELOPE)
    assert recorded["assessment"] == "aligned"
    line = entry(api, recorded["seq"])
    assert line["sender"] == f"post@{ASCII}" and line["data"]["author_domains"] == [ASCII]
    assert [each["domain"] for each in line["data"]["spf"]] == [ASCII, f"mx.{ASCII}"]
    assert replay(api, recorded["seq"], f"From: post@{UNICODE}\r\n\r\n".encode())["identical"]


def test_an_identity_a_report_and_their_filters_have_a_labels(setting: Setting) -> None:
    api = setting.api
    made = ok(api.call("PUT", f"/v1/identities/post@{UNICODE}", json={
        "selectors": ["s1"], "addresses": ["192.0.2.10"], "mail_from_domain": UNICODE.upper()}), 200, 201)
    assert made["identity"] == f"post@{ASCII}" and made["settings"]["mail_from_domain"] == ASCII
    assert api.json(f"/v1/identities/post@{ASCII}")["identity"] == f"post@{ASCII}"
    report = Report(unique("id"), policy_domain="BÜCHER.test", rows=[Row(header_from="bücher.test")])
    taken = ok(api.call("POST", "/v1/dmarc-reports", data=report.xml(),
                        headers={"Content-Type": "application/xml"}), 201)
    assert taken["policy_domain"] == "xn--bcher-kva.test"
    for name in ("bücher.test", "xn--bcher-kva.test"):
        found = api.json("/v1/dmarc-reports", policy_domain=name)["reports"]
        assert [each["seq"] for each in found] == [taken["seq"]]
    sent = api.append([{"kind": "send", "outcome": "sent", "sender": f"Kim@{UNICODE}"}])[0]["seq"]
    assert entry(api, sent)["sender"] == f"Kim@{ASCII}"
    for query in ({"sender": f"kim@{UNICODE}"}, {"sender": f"KIM@{ASCII}"}, {"sender_domain": UNICODE}):
        assert sent in [each["entry"]["seq"] for each in api.json("/v1/entries", **query)["entries"]]


# -- addresses

LOCAL_PARTS = [
    ("ΝΙΚΟΣ", "νικος"), ("STRASSE", "straße"), ("JOS\u00c9", "jose\u0301"), ("ﬃ", "FFI"), ("ΐ", "\u03b9\u0308\u0301"),
    ("\u1fb3", "\u0391\u0345"), ("Ǆ", "ǆ"), ("K\u0327", "\u212a\u0327"),
]


def test_a_person_is_found_held_and_erased_in_whatever_letters(setting: Setting) -> None:
    api = setting.api
    for one, other in LOCAL_PARTS:
        mark = unique("p")
        written, asked = f"{one}.{mark}@{UNICODE}", f"{other}.{mark.upper()}@{ASCII}"
        seq = api.append([{"kind": "send", "outcome": "sent", "personal": {"recipient": written}}])[0]["seq"]
        for address in (written, asked):
            assert [each["entry"]["seq"] for each in api.json("/v1/entries", recipient=address)["entries"]] == [seq]
        hold = ok(api.post("/v1/legal-holds", {"subject": asked, "reason": "a case", "reference": mark}), 201)
        wish = {"subject": asked, "legal_basis": "a wish", "requester": "the person"}
        problem(api.post("/v1/erasures", wish), 409, "held")
        ok(api.call("DELETE", f"/v1/legal-holds/{hold['id']}"), 200)
        answer = ok(api.post("/v1/erasures", wish), 200)
        assert answer["found"] is True and answer["entries"] > 0
        assert api.json(f"/v1/entries/{seq}")["erased_by"] == answer["erased_by"][0]
        again = ok(api.post("/v1/erasures", wish), 200)
        assert (again["found"], again["entries"]) == (False, 0)
        bad = {**wish, "requester": f"for {written.upper()}"}
        problem(api.post("/v1/erasures", bad), 400, "invalid_member")


def test_the_command_says_that_it_found_nobody(setting: Setting) -> None:
    arguments = ("erase", "--subject", f"{unique('nobody')}@ü.example", "--legal-basis", "a wish", "--requester", "x")
    told = setting.directory.run(*arguments)
    assert b"nobody of this address was known" in told.stdout, told.stderr
    assert setting.directory.run_json(*arguments)["found"] is False


def test_the_form_of_a_local_part_is_that_of_python(setting: Setting, seed: int, report: Callable[[str], None]) -> None:
    """Both are NFC(toCasefold(NFD(x))); the sender's column shows ours."""
    rng, count = random.Random(f"{seed}/fold"), 400
    known = [chr(each) for each in range(0x80, 0x1_F000) if unicodedata.category(chr(each)) in ("Lu", "Ll", "Lt", "Lo", "Mn")]
    special = [each for each in known if each.casefold() not in (each, each.lower())]
    senders = ["".join(rng.choice(pool) for pool in (special, known, special, "aK", known)) for _ in range(count)]
    api, mark = setting.api, unique("f")
    seqs = [each["seq"] for each in api.append(
        [{"kind": "send", "outcome": "sent", "sender": f"{local}@{mark}.example"} for local in senders])]
    with setting.directory.sql() as connection:
        rows = dict(connection.execute(
            "SELECT seq, sender FROM countersign.entries WHERE seq = ANY(%s) AND sender LIKE %s", (seqs, f"%@{mark}.example")))
    for seq, local in zip(seqs, senders, strict=True):
        folded = unicodedata.normalize("NFC", unicodedata.normalize("NFD", local).casefold())
        assert rows[seq] == f"{folded}@{mark}.example", [hex(ord(each)) for each in local]
    report(f"{count} local parts, seed {seed}")


# -- A-labels, beside another implementation


def theirs(label: str) -> str | None:
    """PyPI idna's answer, mapped by UTS 46 as ours is."""
    try:
        found = idna.encode(label, uts46=True, transitional=False, std3_rules=False).decode()
        return found if len(found) <= 63 or "." in found else None
    except idna.IDNAError:
        return None
    except UnicodeError:
        return None


#: Characters with a rule of their own in context that only registration holds them to (RFC 5892 A.3 to A.9).
CONTEXTUAL = {0xB7, 0x375, 0x5F3, 0x5F4, 0x30FB, *range(0x660, 0x66A), *range(0x6F0, 0x6FA)}
#: What UTS 46 maps to something else, or at all, since Unicode 15.1 and 16.
MAPPED_ANEW = {0x4C0, 0x1E9E, 0x2132, 0x2183, *range(0x10A0, 0x10C6)}

#: The differences that are accepted, each with how to tell it: of the label, our A-label and theirs.
DIFFERENCES: dict[str, Callable[[str, str | None, str | None], bool]] = {
    "an underscore, which names of mail hosts have and IDNA has not; STD3's rules would take it away and say nothing":
        lambda label, ours, other: ours is not None and other is None and "_" in unicodedata.normalize("NFKC", label),
    "a rule in context, to which a look-up need not hold a label (RFC 5891 §5.4)":
        lambda label, ours, other: ours is not None and other is None and any(
            ord(each) in CONTEXTUAL for each in unicodedata.normalize("NFKC", label)),
    "a character that later versions of UTS 46 map otherwise":
        lambda label, ours, other: other is not None and any(ord(each) in MAPPED_ANEW for each in label),
    "a character younger than Unicode 3.2 that the older of the two tables has not":
        lambda label, ours, other: (ours is None) != (other is None) and any(
            unicodedata.ucd_3_2_0.category(each) == "Cn" for each in label),
}


def labels(rng: random.Random, count: int) -> list[str]:
    scripts = [(0xDF, 0x17F), (0x370, 0x3FF), (0x400, 0x4FF), (0x5D0, 0x5EA), (0x620, 0x64A), (0x900, 0x97F),
               (0xE01, 0xE3A), (0x3041, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0x1E00, 0x1FFF), (0xFF01, 0xFF5E),
               (0x80, 0x2FFFF)]
    found = []
    for _ in range(count):
        low, high = rng.choice(scripts)
        text = "".join(
            rng.choice("abz09-_") if rng.random() < 0.15 else chr(rng.randint(low, high))
            for _ in range(rng.choice((1, 2, 3, 5, 8, 20, 40, 64))))
        text = "".join(each for each in text if not 0xD800 <= ord(each) < 0xE000)
        if not text.isascii() and text:
            found.append(text)
    return found


def converted(setting: Setting, labels: list[str], folder: Path) -> list[str | None]:
    """What a check says of authors of these domains; None where it converts nothing."""
    for number, label in enumerate(labels):
        (folder / f"{number:06}").write_bytes(f"From: a@{label}.test\r\n\r\n".encode())
    told = setting.command(".", "--json", cwd=folder).stdout.splitlines()
    domains = [json.loads(line)["result"]["message"]["author_domains"] for line in told]
    return [domain[0].removesuffix(".test") if domain else None for domain in domains]


def test_labels_are_those_of_another_implementation(
    setting: Setting, mail_seed: int, report: Callable[[str], None], tmp_path: Path,
) -> None:
    rng = random.Random(f"{mail_seed}/labels")
    words = ["münchen", "BÜCHER", "straße", "ςίγμα", "ünder_score", "_ü", "ü-", "-ü", "ab--ü", "xn--ü", "☃", "💩", "l·l", "·",
             "\u200dü", "क्\u200dष", "א1", "1א", "ü\u00ad", "ｅｘａｍｐｌｅü", "゛ü", "İstanbul", "日本語", "ü" * 60, "ü" * 57]
    tried = words + labels(rng, 4_000)
    differences: Counter[str] = Counter()
    agreed: Counter[str] = Counter()
    unexplained = []
    for label, ours in zip(tried, converted(setting, tried, tmp_path), strict=True):
        other = theirs(label)
        if ours == other:
            agreed["converted" if other else "refused"] += 1
            continue
        reason = next((reason for reason, tells in DIFFERENCES.items() if tells(label, ours, other)), None)
        if reason is None:
            unexplained.append((label, [hex(ord(each)) for each in label][:6], ours, other))
        else:
            differences[reason] += 1
    report(f"{len(tried)} labels, {dict(agreed)}, seed {mail_seed}; differ: {dict(differences)}")
    assert not unexplained, unexplained[:20]

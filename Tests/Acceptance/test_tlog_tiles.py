"""The ledger as a static log (C2SP tlog-tiles): anybody can mirror and check it, every damage is named, and nobody is
served more than is signed and open to him."""

from __future__ import annotations

import http.client
import random
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

import static_log
from api import Api, problem
from notes import Checkpoint, Signature, Signer
from paths import ORIGIN, vectors
from service import DataDirectory
from signed_ledger import SignedLedger

pytestmark = pytest.mark.proofs

#: Two full tiles and a partial one are signed; what comes after is not.
SIGNED_SIZE, SIZE = 600, 650
OTHER = "beta.example/mail"
NOBODYS = "nobody.example/mail"
#: Header fields that differ between any two answers.
VOLATILE = {"date", "connection", "keep-alive"}
IMMUTABLE = "max-age=604800, immutable"


class Published:
    """A ledger with more entries than its newest checkpoint covers, and another tenant's beside it."""

    def __init__(self, directory: DataDirectory, rng: random.Random) -> None:
        self.directory = directory
        self.ledger = SignedLedger(directory)
        directory.create_ledger(OTHER)
        self.reader = directory.api(directory.new_token("read"))
        self.stranger = directory.api("")
        self.ledger.fill(rng, 300)
        self.old = self.ledger.sign()
        self.ledger.fill(rng, SIGNED_SIZE)
        self.newest = self.ledger.sign()
        assert Checkpoint.read(self.newest).size == SIGNED_SIZE
        self.ledger.fill(rng, SIZE)
        assert directory.run("checkpoint", "sign", "--ledger", OTHER).returncode == 0
        self.mirror = directory.base / "mirror"
        mirror(self.reader, ORIGIN, self.mirror)

    def get(self, path: str, api: Api | None = None, **headers: str) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return (api or self.reader).call("GET", f"/ledgers/{ORIGIN}/{path}", headers=named)


def mirror(api: Api, origin: str, folder: Path) -> None:
    """Downloads a ledger as a static log."""
    def fetch(path: str) -> bytes:
        answer = api.call("GET", f"/ledgers/{origin}/{path}")
        assert answer.status_code == 200, (path, answer.text)
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(answer.content)
        return answer.content
    for path in static_log.paths(Checkpoint.read(fetch("checkpoint")).size):
        fetch(path)


@pytest.fixture(scope="module")
def published(request: pytest.FixtureRequest) -> Iterator[Published]:
    directory = DataDirectory()
    try:
        yield Published(directory, random.Random(f"{request.config.option.seed}/tiles"))
    finally:
        directory.close()


@pytest.fixture
def copy(published: Published) -> Iterator[Path]:
    """The mirror once more, to be damaged."""
    folder = published.directory.base / "damaged"
    shutil.copytree(published.mirror, folder)
    yield folder
    shutil.rmtree(folder)


# -- the mirror


def test_a_mirror_leads_to_the_signed_root_by_the_specification_alone(published: Published) -> None:
    origin, size, root = static_log.check(published.mirror)
    checkpoint = Checkpoint.read(published.newest)
    assert (origin, size, root) == (ORIGIN, SIGNED_SIZE, checkpoint.root)
    head = published.ledger.api.json("/v1/entries/0/proof", size=SIGNED_SIZE)
    assert head["root"] == root.hex()
    assert len(list(published.mirror.rglob("*"))) > 8


def test_the_mirrors_bundles_are_the_exported_lines(published: Published) -> None:
    entries = [entry for place in static_log.places(SIGNED_SIZE)
               for entry in static_log.bundle((published.mirror / static_log.path("entries", *place)).read_bytes())]
    assert entries == published.ledger.lines()[:SIGNED_SIZE]


def test_verify_tiles_accepts_the_mirror(published: Published) -> None:
    ours = published.ledger.offline.tiles(published.mirror, published.ledger.vkey)
    assert ours.accepted and ours.size == SIGNED_SIZE and ours.signers == [ORIGIN], ours


@pytest.mark.parametrize("name", ["tessera-log", "c2sp-generated/tiles-7", "c2sp-generated/tiles-300"])
def test_verify_tiles_and_the_specification_accept_other_peoples_logs(published: Published, name: str) -> None:
    folder = vectors(name)
    size = static_log.check(folder)[1]
    vkey = (folder / "vkey").read_text().strip()
    ours = published.ledger.offline.tiles(folder, vkey)
    assert ours.accepted and ours.size == size >= 7, ours
    wrong = Signer(vkey.partition("+")[0]).key.vkey
    assert not published.ledger.offline.tiles(folder, wrong).accepted


# -- damage

#: What a damage does to one file of a mirror, and to another of the same kind.
Damage = Callable[[Path, Path, random.Random], None]


def _flip(file: Path, other: Path, rng: random.Random) -> None:
    data = bytearray(file.read_bytes())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    file.write_bytes(data)


def _shorten(file: Path, other: Path, rng: random.Random) -> None:
    data = file.read_bytes()
    file.write_bytes(data[:rng.randrange(len(data))])


def _lengthen(file: Path, other: Path, rng: random.Random) -> None:
    file.write_bytes(file.read_bytes() + bytes(32))


def _remove(file: Path, other: Path, rng: random.Random) -> None:
    file.unlink()


def _empty(file: Path, other: Path, rng: random.Random) -> None:
    file.write_bytes(b"")


def _exchange(file: Path, other: Path, rng: random.Random) -> None:
    one, two = file.read_bytes(), other.read_bytes()
    file.write_bytes(two)
    other.write_bytes(one)


DAMAGES: dict[str, Damage] = {
    "one bit flipped": _flip, "cut short": _shorten, "made longer": _lengthen, "missing": _remove, "empty": _empty,
    "exchanged with another": _exchange}
#: Every file below the checkpoint of a log of SIGNED_SIZE entries, and one to exchange it with.
FILES = static_log.paths(SIGNED_SIZE)


def other_of(path: str) -> str:
    """Another file of the same form, if there is one."""
    form = re.sub(r"[0-9]{3}", "000", path)
    same = [each for each in FILES if each != path and re.sub(r"[0-9]{3}", "000", each) == form]
    return same[0] if same else next(each for each in FILES if each != path)


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_of_a_mirror_is_named(
    published: Published, copy: Path, rng: random.Random, path: str, damage: str,
) -> None:
    other = other_of(path)
    DAMAGES[damage](copy / path, copy / other, rng)
    with pytest.raises((AssertionError, OSError)):
        static_log.check(copy)
    ours = published.ledger.offline.tiles(copy, published.ledger.vkey)
    assert not ours.accepted, ours
    touched = [path, other] if damage == "exchanged with another" else [path]
    assert any(names(ours.detail, each) for each in touched), (ours.detail, touched)


def names(detail: str, path: str) -> bool:
    """Whether a message names a file, or an entry of it; a tile of hashes is also at fault where its entries are
    said to be."""
    if path in detail:
        return True
    entry = re.search(r"\bentry (\d+)\b", detail)
    index = int(re.sub(r"\.p/\d+$", "", path).rpartition("/")[2])
    return entry is not None and not path.startswith("tile/1/") and int(entry[1]) // static_log.WIDTH == index


def test_an_exchange_of_two_entries_in_their_bundle_is_named(published: Published, copy: Path) -> None:
    file = copy / "tile/entries/001"
    entries = static_log.bundle(file.read_bytes())
    entries[4], entries[5] = entries[5], entries[4]
    file.write_bytes(b"".join(len(each).to_bytes(2, "big") + each for each in entries))
    ours = published.ledger.offline.tiles(copy, published.ledger.vkey)
    assert not ours.accepted and "entry 260 " in ours.detail, ours


def test_entries_and_all_tiles_rewritten_to_fit_do_not_make_the_signed_root(
    published: Published, copy: Path,
) -> None:
    """A mirror's owner who recomputes everything still cannot sign."""
    places = static_log.places(SIGNED_SIZE)
    entries = [entry for place in places
               for entry in static_log.bundle((copy / static_log.path("entries", *place)).read_bytes())]
    entries[300] = entries[300].replace(b'"kind":"', b'"kind":"x', 1)
    hashes = [static_log.sha256(b"\x00", entry) for entry in entries]
    for index, width in places:
        part = range(index * 256, index * 256 + width)
        (copy / static_log.path("0", index, width)).write_bytes(b"".join(hashes[each] for each in part))
        (copy / static_log.path("entries", index, width)).write_bytes(
            b"".join(len(entries[each]).to_bytes(2, "big") + entries[each] for each in part))
    roots = [static_log.tree_root(hashes[start:start + 256]) for start in (0, 256)]
    (copy / static_log.path("1", 0, 2)).write_bytes(b"".join(roots))
    ours = published.ledger.offline.tiles(copy, published.ledger.vkey)
    assert not ours.accepted and f"the tiles of {SIGNED_SIZE} entries do not make" in ours.detail, ours


def test_an_old_checkpoint_beside_a_newer_tree_is_refused_and_so_is_a_newer_one_beside_an_older_tree(
    published: Published, copy: Path,
) -> None:
    (copy / "checkpoint").write_bytes(published.old)
    ours = published.ledger.offline.tiles(copy, published.ledger.vkey)
    assert not ours.accepted and "tile/0/001.p/44 " in ours.detail, ours
    for path in static_log.paths(Checkpoint.read(published.old).size):
        if not (copy / path).exists():
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            (copy / path).write_bytes(published.get(path).content)
    assert published.ledger.offline.tiles(copy, published.ledger.vkey).accepted, "the old tree is there as well"
    (copy / "checkpoint").write_bytes(published.newest)
    (copy / static_log.path("0", 2, SIGNED_SIZE - 512)).unlink()
    ours = published.ledger.offline.tiles(copy, published.ledger.vkey)
    assert not ours.accepted and "tile/0/002.p/88 is missing" in ours.detail, ours


def test_a_checkpoint_signed_by_another_key_is_refused(published: Published, copy: Path) -> None:
    text = Checkpoint.read(published.newest).text
    (copy / "checkpoint").write_bytes(Signer(ORIGIN).note(text).data)
    ours = published.ledger.offline.tiles(copy, published.ledger.vkey)
    assert not ours.accepted and "none of the given keys signed" in ours.detail, ours
    # Under the ledger's name and key ID, so that it claims to be the ledger's.
    claimed = Signature(ORIGIN.encode(), published.ledger.key.id, Signer(ORIGIN).secret.sign(text))
    (copy / "checkpoint").write_bytes(text + b"\n" + claimed.line)
    ours = published.ledger.offline.tiles(copy, published.ledger.vkey)
    assert not ours.accepted and "is not by it" in ours.detail, ours


@pytest.mark.parametrize("damage", ["one bit flipped", "cut short", "missing", "empty"])
def test_a_damaged_checkpoint_of_a_mirror_is_no_verdict_to_lean_on(
    published: Published, copy: Path, rng: random.Random, damage: str,
) -> None:
    DAMAGES[damage](copy / "checkpoint", copy / "checkpoint", rng)
    done = published.ledger.offline.run("verify-tiles", str(copy), "--key", published.ledger.vkey)
    assert done.returncode in (1, 2, 3), done
    assert b"checkpoint" in done.stdout + done.stderr or b"signature" in done.stdout, done


# -- HTTP

#: What is no path of a tile, though a program might take it for one.
NO_PATHS = [
    "", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x000/001",
    "tile/0/000/001", "tile/0/x001", "tile/0/x00/001", "tile/0/-01", "tile/0/+01", "tile/0/0x1", "tile/0/1e0",
    "tile/00/000", "tile/01/000", "tile/+0/000", "tile/-1/000", "tile/8/000", "tile/9/000", "tile/63/000",
    "tile/64/000", "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/00", "tile/0/000.p/01",
    "tile/0/000.p/-1", "tile/0/000.p/+1", "tile/0/000.p/256", "tile/0/000.p/257", "tile/0/000.p/1/", "tile/0/000/",
    "tile/0/000.P/1", "tile/0/000p/1", "tile/0//000", "tile//0/000", "/tile/0/000", "Tile/0/000", "tile/entries",
    "tile/entries/", "tile/entries/0/000", "tile/Entries/000", "tile/entries/000.p/0", "tile/entries/000.p/256",
    "tile/entries/x000/000", "tile/7/000", "tile/data/000", "tile/8/0/000", "tile/0/%30%30%30", "tile/0/000%2ep/1",
    "tile/0/x999/x999/x999/x999/x999/x999/999", "tile/0/x999/x999/x999/x999/x999/999", "tile/0/%D9%A0%D9%A0%D9%A0",
    "checkpoint/", "checkpoint/checkpoint", "Checkpoint", "checkpoint.7", "..", "../mail/checkpoint",
    "tile/../checkpoint", "tile/0/../0/000", "tile/0/000/../../../checkpoint", "%2e%2e/mail/checkpoint",
    "tile/0/..%2f0%2f000", ".", "./checkpoint", "keys", "guard", "latest"]
#: Tiles of the right form that lie beyond what was signed.
BEYOND = [
    "tile/0/002", f"tile/0/002.p/{SIGNED_SIZE - 512 + 1}", f"tile/0/002.p/{SIZE - 512}", "tile/0/003",
    "tile/0/003.p/1", "tile/0/x001/000", "tile/1/000", "tile/1/000.p/3", "tile/1/001.p/1", "tile/2/000",
    "tile/2/000.p/1", "tile/entries/002",
    f"tile/entries/002.p/{SIGNED_SIZE - 512 + 1}", f"tile/entries/002.p/{SIZE - 512}", "tile/entries/003.p/1"]


def raw(url: str, path: str, token: str | None, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    """One request, its path exactly as it stands: `requests` would tidy up dots."""
    host = urlsplit(url)
    connection = http.client.HTTPConnection(host.hostname or "", host.port, timeout=30)
    try:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        kept = {name.lower(): value for name, value in answer.getheaders() if name.lower() not in VOLATILE}
        return answer.status, kept, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("path", NO_PATHS + BEYOND)
def test_only_the_exact_path_of_a_signed_tile_leads_to_it(published: Published, path: str) -> None:
    reader = published.reader
    full = f"/ledgers/{ORIGIN}/{path}"
    status, headers, body = raw(reader.url, full, reader.token)
    assert status == 404, (path, status, body)
    assert headers["cache-control"] == "no-store", "today's 404 is tomorrow's tile"
    assert raw(reader.url, full.replace(ORIGIN, NOBODYS), reader.token) == (status, headers, body), path
    assert raw(reader.url, full.replace(ORIGIN, OTHER), reader.token) == (status, headers, body), path


def test_every_width_of_a_partial_tile_is_a_prefix_of_the_whole(published: Published) -> None:
    for kind in ("0", "entries"):
        whole = published.get(f"tile/{kind}/001").content
        for width in (1, 2, 44, 128, 255):
            part = published.get(f"tile/{kind}/001.p/{width}")
            assert part.status_code == 200 and whole.startswith(part.content), (kind, width)
            count = len(part.content) // 32 if kind == "0" else len(static_log.bundle(part.content))
            assert count == width


def test_tiles_are_immutable_and_private_for_whoever_has_a_token(published: Published) -> None:
    for path in FILES:
        answer = published.get(path)
        assert answer.headers["Cache-Control"] == f"private, {IMMUTABLE}", path
        assert answer.headers["Vary"] == "Authorization"
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert int(answer.headers["Content-Length"]) == len(answer.content)
    checkpoint = published.get("checkpoint")
    assert checkpoint.headers["Cache-Control"] == "private, no-cache"
    assert checkpoint.headers["Vary"] == "Authorization"
    assert checkpoint.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert checkpoint.content == published.newest


def test_a_checkpoint_that_is_known_is_not_sent_again(published: Published) -> None:
    first = published.get("checkpoint")
    tag = first.headers["ETag"]
    assert re.fullmatch(r'"[^"]+"', tag)
    for known in (tag, f'"other", {tag}', "*"):
        again = published.get("checkpoint", If_None_Match=known)
        assert again.status_code == 304 and not again.content, known
        assert again.headers["ETag"] == tag and again.headers["Cache-Control"] == "private, no-cache"
        assert again.headers["Vary"] == "Authorization"
    other = published.get("checkpoint", If_None_Match='"other"')
    assert other.status_code == 200 and other.content == first.content


def test_a_query_or_another_method_is_refused(published: Published) -> None:
    reader = published.reader
    problem(published.get("checkpoint?size=3"), 400)
    for method in ("HEAD", "POST", "PUT", "DELETE"):
        status, headers, body = raw(reader.url, f"/ledgers/{ORIGIN}/checkpoint", reader.token, method)
        assert status == 405 and headers["allow"] == "GET", (method, status)
        assert not body or method != "HEAD"


def comparable(answer: requests.Response) -> tuple[int, dict[str, str], bytes]:
    headers = {name.lower(): value for name, value in answer.headers.items() if name.lower() not in VOLATILE}
    return answer.status_code, headers, answer.content


@pytest.mark.parametrize("path", ["checkpoint", "tile/0/000", "tile/entries/000", "tile/9/000", "nothing"])
@pytest.mark.parametrize("token", ["", "mm_live_nobody", "not a token"])
def test_without_a_valid_token_a_ledger_that_exists_looks_like_one_that_does_not(
    published: Published, path: str, token: str,
) -> None:
    caller = published.directory.api(token)
    answers = [comparable(caller.call("GET", f"/ledgers/{origin}/{path}")) for origin in (ORIGIN, OTHER, NOBODYS)]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 401 and answers[0][1]["www-authenticate"].startswith("Bearer"), answers[0]
    assert answers[0][1]["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["checkpoint", "tile/0/000.p/1", "tile/entries/000.p/1", "tile/0/005", "nothing"])
@pytest.mark.parametrize("scope", ["read", "admin", "ingest"])
def test_another_tenants_ledger_looks_like_one_that_does_not_exist(
    published: Published, path: str, scope: str,
) -> None:
    caller = published.directory.api(published.directory.new_token(scope))
    theirs, nobodys = (
        comparable(caller.call("GET", f"/ledgers/{origin}/{path}")) for origin in (OTHER, NOBODYS))
    assert theirs == nobodys
    assert theirs[0] == (403 if scope == "ingest" else 404), theirs


def test_a_token_without_the_scope_may_not_read_its_own_ledger(published: Published) -> None:
    caller = published.directory.api(published.directory.new_token("ingest"))
    problem(published.get("checkpoint", caller), 403)


def publish(published: Published, level: str) -> None:
    done = published.directory.run("ledger", "publish", level, "--ledger", ORIGIN)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize(("level", "hashes", "entries"), [
    ("none", 401, 401), ("hashes", 200, 401), ("entries", 200, 200), ("none", 401, 401)],
    ids=["none", "hashes", "entries", "none again"])
def test_each_public_level_opens_what_it_says_and_no_more(
    published: Published, level: str, hashes: int, entries: int,
) -> None:
    publish(published, level)
    for path in ["checkpoint", *FILES]:
        answer = published.get(path, published.stranger)
        expected = entries if path.startswith("tile/entries") else hashes
        assert answer.status_code == expected, (level, path, answer.status_code)
        if expected == 200:
            assert answer.content == (published.mirror / path).read_bytes(), path
            age = "no-cache" if path == "checkpoint" else f"public, {IMMUTABLE}"
            assert answer.headers["Cache-Control"] == age and "Vary" not in answer.headers
    # Nothing beyond, whoever asks: neither what is not signed yet, nor another ledger, nor another route.
    for path in BEYOND:
        expected = 404 if (entries if path.startswith("tile/entries") else hashes) == 200 else 401
        assert published.get(path, published.stranger).status_code == expected, path
        assert published.get(path).status_code == 404, path
    assert published.stranger.call("GET", f"/ledgers/{OTHER}/checkpoint").status_code == 401
    for route in ("/v1/tree", "/v1/entries/0", "/v1/entries/0/receipt", "/v1/export?format=jsonl"):
        assert published.stranger.call("GET", route).status_code == 401, route
    # With a token nothing changes: what was private stays so in caches.
    assert published.get("tile/0/000").headers["Cache-Control"] == f"private, {IMMUTABLE}"


def test_what_was_opened_and_closed_is_an_entry_each_time(published: Published) -> None:
    before = published.ledger.api.size()
    publish(published, "hashes")
    publish(published, "none")
    said: list[dict[str, Any]] = [published.ledger.api.json(f"/v1/entries/{before + place}")["entry"]
                                  for place in range(2)]
    assert [each["data"] for each in said] == [
        {"event": "ledger.published", "level": "hashes"}, {"event": "ledger.published", "level": "none"}]
    assert all(each["kind"] == "policy" and each["reporter"]["via"] == "operator" for each in said)
    assert published.directory.verify().is_intact

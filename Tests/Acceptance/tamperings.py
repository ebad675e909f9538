"""What a superuser can do to the tables, and which check of `verify` must name it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

from forgery import Forger
from reference import leaf_hash

#: `verify` gives no verdict at all, and says why.
REFUSES = "could not run"


@dataclass(frozen=True)
class Found:
    """One of these checks names the tampering."""

    checks: frozenset[str]
    #: What the text must name where `verify` refuses to judge.
    says: str

    def __init__(self, *checks: str, says: str = "") -> None:
        assert (REFUSES in checks) == bool(says), "a refusal has to name what is wrong"
        object.__setattr__(self, "checks", frozenset(checks))
        object.__setattr__(self, "says", says)


@dataclass(frozen=True)
class Unseen:
    """Nothing inside the database can tell; the reason is printed."""

    reason: str


Expectation = Found | Unseen

_REQUEST = "only tells a replay from another request; no line repeats it, and without it a key alone decides"

_SCHEDULE = "the schedule is no record of anything: at worst a check is made too often, or late"

_HEAD = "the beginning of what was rejected is kept for people who look; its digest stands in the entry"

_HALT = "it stops appends, and whoever lifts it meets the guard again at the next signature"

_EXPECTED = "what a halt expects holds the ledger back the longer; the guard folder knows what was signed and answered"

_SIGNED_AT = "a checkpoint is worth what its note says; when it was, and who saw it, witnesses and timestamps tell"

_GONE = "whoever holds a copy of it has lost nothing; the guard knows the newest"

_LEASE = "a lease spares work and protects nothing; the guard outside the database does"

_READER = "who reads by SQL is a right of this database, and no part of any ledger; `reader list` shows it"

_UPLOAD = "rows of an upload that no report names are seen by nobody"

#: Every column of every table: what happens when it alone is changed in one row.
COLUMNS: dict[str, dict[str, Expectation]] = {
    "ledgers": {
        "ledger_id": Found("ledger", "seq", "head", "truncated", REFUSES, says="ledger"),
        "origin": Found("ledger", "origin", REFUSES, says="ledger"),
        "idempotency_check": Found("ledger"),
        "lookup_check": Found("ledger"),
        **dict.fromkeys(("clock_accepted_until", "public_reads"), Found("ledger")),
        **dict.fromkeys(("clock_accepted_seq", "published_seq", "resumed_seq"), Found("ledger", "orphan")),
        "halted": Unseen(_HALT),
        **dict.fromkeys(("halted_size", "halted_root"), Unseen(_EXPECTED)),
    },
    "signing_keys": dict.fromkeys(("ledger_id", "seq", "vkey"), Found("signing_key", "checkpoint", "orphan")),
    "checkpoints": {
        "ledger_id": Found("orphan"),  # Its timestamp is left.
        **dict.fromkeys(("size", "note"), Found("checkpoint", "orphan")),
        **dict.fromkeys(("signed_at", "kept", "witnessed"), Unseen(_SIGNED_AT)),
    },
    "timestamps": {
        "ledger_id": Unseen(_GONE),
        **dict.fromkeys(("size", "token", "stamped_at"), Found("timestamp", "orphan")),
    },
    "leases": dict.fromkeys(("name", "holder", "until"), Unseen(_LEASE)),
    "readers": dict.fromkeys(("ledger_id", "role_name"), Unseen(_READER)),
    # The last head says how many entries there are: without it some are orphans, with a larger one some are missing.
    "heads": {"ledger_id": Found("head", "orphan"), "size": Found("head", "seq", "orphan"), "root": Found("head")},
    "entries": {
        "ledger_id": Found("seq"),
        "seq": Found("seq"),
        "leaf_hash": Found("leaf_hash"),
        "line": Found("leaf_hash", "line"),
        **{name: Found(f"column:{name}") for name in (
            "recorded_at", "occurred_at", "kind", "outcome", "oversight_mode", "message_id", "sender", "actor",
            "run_id")},
    },
    "entry_keys": dict.fromkeys(("ledger_id", "name", "tag", "seq"), Found("entry_key", "orphan")),
    "disclosures": dict.fromkeys(("ledger_id", "seq", "disclosures"), Found("disclosure", "orphan")),
    "keys": {
        **dict.fromkeys(("ledger_id", "tag", "first_seq", "count"), Found("key", "orphan")),
        **dict.fromkeys(("request_tag", "request_erased"), Unseen(_REQUEST)),
    },
    "subjects": dict.fromkeys(("ledger_id", "tag", "pseudonym"), Found("subject", "orphan")),
    "tiles": dict.fromkeys(("ledger_id", "level", "tile_index", "root", "hashes"), Found("tile", "orphan")),
    "hours": dict.fromkeys(("ledger_id", "hour", "first_seq"), Found("hour", "orphan")),
    "rollups": dict.fromkeys(
        ("ledger_id", "hour", "sender", "kind", "oversight_mode", "outcome", "via", "count"), Found("rollup", "orphan")),
    "daily_rollups": dict.fromkeys(
        ("ledger_id", "day", "kind", "oversight_mode", "outcome", "via", "count"), Found("rollup", "orphan")),
    "watermarks": dict.fromkeys(("ledger_id", "seq"), Found("watermark", "rollup", "orphan")),
    "tokens": dict.fromkeys(
        ("ledger_id", "token_id", "hash", "name", "scopes", "expires_at", "producer", "granted_by", "rotates", "bindings",
         "trusts_reports", "granted_seq", "revoked_seq"),
        Found("token", "orphan")),
    "dns_evidence": dict.fromkeys(("ledger_id", "digest", "evidence"), Found("evidence")),
    "identities": {
        **dict.fromkeys(("ledger_id", "identity", "settings", "set_seq"), Found("identity", "orphan")),
        **dict.fromkeys(("due_at", "checked_at", "claim", "claimed_until"), Unseen(_SCHEDULE)),
    },
    "identity_verifications": dict.fromkeys(("ledger_id", "identity", "seq", "assessment"), Found("identity")),
    "dmarc_reports": {
        **dict.fromkeys((
            "ledger_id", "seq", "upload", "outcome", "trust", "receiver", "receiver_claimed", "report", "org_name",
            "report_id", "policy_domain", "begins", "ends", "records", "messages", "aligned", "rows_sha256"),
            Found("report", "orphan")),
        "head": Unseen(_HEAD),
    },
    "dmarc_report_rows": dict.fromkeys((
        "ledger_id", "upload", "row", "source_ip", "source_text", "count", "disposition", "dkim", "spf", "header_from",
        "envelope_from", "envelope_to", "auth_results", "reasons", "signers"), Found("report")),
    "erased_ranges": dict.fromkeys(
        ("ledger_id", "first_seq", "last_seq", "erased_by", "pseudonym"), Found("erasure", "orphan")),
    "legal_holds": dict.fromkeys(
        ("ledger_id", "hold_id", "pseudonym", "message_id", "first_seq", "last_seq", "reference", "held_seq",
         "released_seq"), Found("hold", "orphan")),
    "migrations": {
        "version": Found("migration", REFUSES, says="schema"),
        **dict.fromkeys(("name", "checksum"), Found("migration", REFUSES, says="unreleased build")),
        "applied_at": Unseen("when a migration ran is told by nothing else"),
    },
}

#: What a row of each table is recognised by when a stray one is put in.
STRAY_ROWS: dict[str, tuple[str, Expectation]] = {
    "ledgers": ("SELECT countersign.ledger_number(o), o, repeat('a', 16)::bytea, repeat('b', 16)::bytea"
                " FROM (VALUES ('stray.example/mail')) v (o)",
                Unseen("a second, empty ledger touches nothing of this one; `ledger list` shows it")),
    "heads": ("SELECT ledger_id, max(size) + 1, sha256('x') FROM countersign.heads GROUP BY ledger_id",
              Found("head", "truncated", "seq")),
    "entries": ("SELECT ledger_id, seq + 5, recorded_at, occurred_at, leaf_hash, kind, outcome, oversight_mode,"
                " message_id, sender, actor, run_id, line FROM countersign.entries ORDER BY seq DESC LIMIT 1",
                Found("seq", "orphan", "head")),
    "entry_keys": ("SELECT ledger_id, 'subject', substr(sha256('x'), 1, 16), 3 FROM countersign.ledgers",
                   Found("entry_key", "orphan")),
    "disclosures": ("SELECT ledger_id, 0, 'WyJhIiwiYiIsImMiXQ' FROM countersign.ledgers"
                    " ON CONFLICT (ledger_id, seq) DO UPDATE SET disclosures = EXCLUDED.disclosures",
                    Found("disclosure", "orphan")),
    "keys": ("SELECT ledger_id, substr(sha256('x'), 1, 16), 3, 1, NULL FROM countersign.ledgers",
             Found("key", "orphan")),
    "subjects": ("SELECT ledger_id, substr(sha256('x'), 1, 16), substr(sha256('y'), 1, 16) FROM countersign.ledgers",
                 Found("subject", "orphan")),
    "tiles": ("SELECT ledger_id, level, tile_index + 9, root, hashes FROM countersign.tiles LIMIT 1",
              Found("tile", "orphan")),
    "hours": ("SELECT ledger_id, hour + interval '1 hour', 5 FROM countersign.hours ORDER BY hour DESC LIMIT 1",
              Found("hour", "orphan")),
    "rollups": ("SELECT ledger_id, hour, 'eve@evil.example', kind, oversight_mode, outcome, via, 1"
                " FROM countersign.rollups LIMIT 1", Found("rollup", "orphan")),
    "daily_rollups": ("SELECT ledger_id, day, kind, oversight_mode, 'stray', via, 1 FROM countersign.daily_rollups LIMIT 1",
                      Found("rollup", "orphan")),
    "watermarks": ("SELECT ledger_id + 1, seq FROM countersign.watermarks",
                   Unseen("a watermark of a ledger that does not exist counts nothing")),
    "tokens": ("SELECT ledger_id, 'tok_stray', sha256('x'), 'stray', ARRAY['admin'], NULL, 'p', 'cli', NULL, NULL,"
               " false, 0, NULL"
               " FROM countersign.ledgers", Found("token", "orphan")),
    "dns_evidence": ("SELECT ledger_id, sha256('x'), 'x' FROM countersign.ledgers",
                     Unseen("evidence that no entry names proves nothing and harms nothing")),
    "signing_keys": ("SELECT ledger_id, 3, vkey FROM countersign.signing_keys", Found("signing_key", "orphan")),
    "checkpoints": ("SELECT ledger_id, size + 1000000, note, signed_at, kept, witnessed"
                    " FROM countersign.checkpoints LIMIT 1", Found("checkpoint", "orphan")),
    "timestamps": ("SELECT ledger_id, size + 1000000, token, stamped_at FROM countersign.timestamps LIMIT 1",
                   Found("timestamp", "orphan")),
    "leases": ("VALUES ('stray', 'nobody', now())", Unseen(_LEASE)),
    "readers": ("SELECT ledger_id, 'stray' FROM countersign.ledgers", Unseen(_READER)),
    "identities": ("SELECT ledger_id, 'stray.example', '{}', 3, now(), NULL, NULL, NULL FROM countersign.ledgers",
                   Found("orphan")),
    "identity_verifications": ("SELECT ledger_id, identity, 1, 'protected'"
                               " FROM countersign.identity_verifications LIMIT 1", Found("identity")),
    "dmarc_reports": ("SELECT ledger_id, 3, 4711, 'accepted' FROM countersign.ledgers", Found("report", "orphan")),
    "dmarc_report_rows": ("SELECT ledger_id, 4711, 0, '192.0.2.66'::inet, NULL, 7 FROM countersign.ledgers",
                          Unseen(_UPLOAD)),
    "erased_ranges": ("SELECT ledger_id, 3, 3, 30, NULL FROM countersign.ledgers", Found("erasure")),
    "legal_holds": ("SELECT ledger_id, 'hold_stray', NULL, NULL, 1, 2, 'stray', 3, NULL FROM countersign.ledgers",
                    Found("orphan")),
    "migrations": ("SELECT 9999, 'stray', checksum, applied_at FROM countersign.migrations LIMIT 1",
                   Found("migration", REFUSES, says="schema")),
}

#: One row goes: the last by its key, so that nothing but its absence tells.
DROPPED_ROWS: dict[str, Expectation] = {
    "ledgers": Found("ledger", "truncated", "head", REFUSES, says="ledger"),
    "heads": Found("head", "truncated", "orphan"),
    "entries": Found("head", "truncated", "seq"),
    "entry_keys": Found("entry_key"),
    "disclosures": Found("disclosure"),
    "keys": Found("key"),
    "subjects": Found("subject"),
    "tiles": Found("tile"),
    "hours": Found("hour"),
    "rollups": Found("rollup"),
    "daily_rollups": Found("rollup"),
    "watermarks": Found("watermark", "rollup"),
    "tokens": Found("token"),
    "dns_evidence": Found("evidence"),
    "signing_keys": Found("signing_key", "checkpoint"),
    "checkpoints": Found("orphan"),  # Its timestamp is left.
    "timestamps": Unseen(_GONE),
    "leases": Unseen(_LEASE),
    "readers": Unseen(_READER),
    "identities": Found("identity"),
    "identity_verifications": Found("identity"),
    "dmarc_reports": Found("report"),
    "dmarc_report_rows": Found("report"),
    "erased_ranges": Found("erasure"),
    "legal_holds": Found("hold"),
    "migrations": Found("migration", REFUSES, says="schema"),
}


@dataclass(frozen=True)
class Tampering:
    """An attack on rows, and what must name it."""

    name: str
    attack: Callable[[psycopg.Connection], Any]
    expected: Expectation
    #: Where the finding must point; None where no single entry is meant.
    seq: int | None = None


def _sql(*statements: str) -> Callable[[psycopg.Connection], Any]:
    def run(connection: psycopg.Connection) -> None:
        for statement in statements:
            assert connection.execute(statement).rowcount, f"this touches no row: {statement}"
    return run


def _swap(table: str, columns: str, key: str, one: Any, other: Any) -> Callable[[psycopg.Connection], Any]:
    """Exchanges `columns` between two rows."""
    return _sql(
        f"UPDATE countersign.{table} AS t SET ({columns}) = (SELECT {columns} FROM countersign.{table} AS o"
        f" WHERE o.{key} = CASE t.{key} WHEN {one} THEN {other} ELSE {one} END) WHERE t.{key} IN ({one}, {other})")


def _swap_places(connection: psycopg.Connection) -> None:
    """Exchanges two whole rows by their numbers."""
    for old, new in ((50, 1_000_000), (51, 50), (1_000_000, 51)):
        connection.execute("UPDATE countersign.entries SET seq = %s WHERE seq = %s", [new, old])


def _replay(connection: psycopg.Connection) -> None:
    """Puts an earlier entry once more in the place of a later one, with all its columns."""
    connection.execute(
        "UPDATE countersign.entries AS t SET (recorded_at, occurred_at, leaf_hash, kind, outcome, oversight_mode,"
        " message_id, sender, actor, run_id, line) = (SELECT recorded_at, occurred_at, leaf_hash, kind, outcome,"
        " oversight_mode, message_id, sender, actor, run_id, line FROM countersign.entries WHERE seq = 40)"
        " WHERE seq = 60")


def _squeeze_in(connection: psycopg.Connection) -> None:
    """Inserts an entry in the middle and moves the later ones up, as their columns allow."""
    connection.execute("UPDATE countersign.entries SET seq = seq + 100001 WHERE seq > 100")
    connection.execute("UPDATE countersign.entries SET seq = seq - 100000 WHERE seq > 100000")
    connection.execute(
        "INSERT INTO countersign.entries SELECT ledger_id, 101, recorded_at, occurred_at, leaf_hash, kind, outcome,"
        " oversight_mode, message_id, sender, actor, run_id, line FROM countersign.entries WHERE seq = 100")


def _close_gap(connection: psycopg.Connection) -> None:
    """Removes an entry and moves the later ones down."""
    connection.execute("DELETE FROM countersign.entries WHERE seq = 100")
    connection.execute("UPDATE countersign.entries SET seq = seq + 100000 WHERE seq > 100")
    connection.execute("UPDATE countersign.entries SET seq = seq - 100001 WHERE seq > 100000")


def _line_of(seq: int, old: bytes, new: bytes, hashed: bool = False) -> Callable[[psycopg.Connection], Any]:
    """Replaces a part of one line, and its leaf hash if asked to."""
    def run(connection: psycopg.Connection) -> None:
        forger = Forger(connection)
        assert old in forger.lines[seq]
        line = forger.lines[seq].replace(old, new, 1)
        connection.execute("UPDATE countersign.entries SET line = %s, leaf_hash = CASE WHEN %s THEN %s ELSE leaf_hash"
                           " END WHERE seq = %s", [line.decode(), hashed, leaf_hash(line), seq])
    return run


ROWS: list[Tampering] = [
    Tampering("an entry is dropped", _sql("DELETE FROM countersign.entries WHERE seq = 100"), Found("seq"), 100),
    Tampering("the head is truncated", _sql("DELETE FROM countersign.entries WHERE seq < 10"), Found("seq")),
    Tampering("the tail is truncated", _sql("DELETE FROM countersign.entries WHERE seq >= 690"),
              Found("truncated", "head", "seq")),
    Tampering("all entries are truncated", _sql("DELETE FROM countersign.entries"), Found("truncated", "head", "seq")),
    Tampering("an entry is dropped and the gap closed", _close_gap, Found("seq", "previous")),
    Tampering("an entry is squeezed in", _squeeze_in, Found("seq", "previous")),
    Tampering("two lines are exchanged", _swap("entries", "line", "seq", 50, 51), Found("leaf_hash", "seq"), 50),
    Tampering("two lines and their hashes are exchanged", _swap("entries", "line, leaf_hash", "seq", 50, 51),
              Found("seq"), 50),
    Tampering("two entries exchange their places", _swap_places, Found("seq"), 50),
    Tampering("an earlier entry is replayed", _replay, Found("seq"), 60),
    Tampering("a line gets a space", _line_of(70, b",", b", ", hashed=True), Found("line"), 70),
    Tampering("a line is no JSON", _line_of(70, b"{", b"[", hashed=True), Found("line"), 70),
    Tampering("a line names another ledger", _line_of(70, b'"ledger":"acme', b'"ledger":"emca', hashed=True),
              Found("origin"), 70),
    Tampering("a line loses its nonce", _line_of(70, b'"nonce":', b'"nonsense":', hashed=True), Found("line"), 70),
    Tampering("a leaf hash follows the line's change", _line_of(70, b'"nonce":"', b'"nonce":"A', hashed=True),
              Found("line", "previous", "tile")),
    Tampering("two disclosures are exchanged", lambda connection: _swap(
        "disclosures", "disclosures", "seq", *_two(connection, "SELECT seq FROM countersign.disclosures"))(connection),
        Found("disclosure")),
    Tampering("a disclosure is emptied", _sql(
        "UPDATE countersign.disclosures SET disclosures = '' WHERE seq = (SELECT min(seq) FROM"
        " countersign.disclosures)"), Found("disclosure")),
    Tampering("two people exchange their pseudonyms", lambda connection: _swap(
        "subjects", "pseudonym", "tag", *(f"'\\x{tag.hex()}'::bytea" for tag in _two(
            connection, "SELECT tag FROM countersign.subjects ORDER BY tag")))(connection), Found("subject")),
    Tampering("a revoked token comes back", _sql(
        "UPDATE countersign.tokens SET revoked_seq = NULL WHERE revoked_seq IS NOT NULL"), Found("token")),
    Tampering("a token gets more scopes", _sql(
        "UPDATE countersign.tokens SET scopes = ARRAY['admin'] WHERE scopes = ARRAY['read']"), Found("token")),
    Tampering("counts are halved", _sql("UPDATE countersign.rollups SET count = (count + 1) / 2 WHERE count > 1"),
              Found("rollup")),
    Tampering("counts of days are halved", _sql(
        "UPDATE countersign.daily_rollups SET count = (count + 1) / 2 WHERE count > 1"), Found("rollup")),
    Tampering("sealed values go without an erasure", _sql(
        "DELETE FROM countersign.disclosures WHERE seq = (SELECT min(seq) FROM countersign.disclosures)"),
        Found("disclosure")),
    Tampering("one of two recipients goes without an erasure", _sql(
        "UPDATE countersign.disclosures SET disclosures = regexp_replace(disclosures, '~.*', '') WHERE seq ="
        " (SELECT min(seq) FROM countersign.disclosures WHERE disclosures LIKE '%~%')"), Found("disclosure")),
    Tampering("the others of an erased entry go as well", _sql(
        "DELETE FROM countersign.disclosures d USING countersign.erased_ranges r WHERE d.seq = r.first_seq"),
        Found("disclosure")),
    Tampering("an erased person comes back", _sql(
        "INSERT INTO countersign.subjects SELECT ledger_id, substr(sha256('x'), 1, 16), pseudonym FROM"
        " countersign.erased_ranges WHERE pseudonym IS NOT NULL LIMIT 1"), Found("erasure")),
    Tampering("an erasure is made to cover more", _sql(
        "UPDATE countersign.erased_ranges SET first_seq = 0, last_seq = 1000 WHERE pseudonym IS NOT NULL",
        "DELETE FROM countersign.disclosures"), Found("erasure", "disclosure")),
    Tampering("a released hold is in force again", _sql(
        "UPDATE countersign.legal_holds SET released_seq = NULL WHERE released_seq IS NOT NULL"), Found("hold")),
    Tampering("an identity's check is made better", _sql(
        "UPDATE countersign.identity_verifications SET assessment = 'protected'"), Found("identity")),
    Tampering("a report that nobody vouches for is made to count", _sql(
        "UPDATE countersign.dmarc_reports SET trust = 'carrier' WHERE trust <> 'carrier'"), Found("report")),
    Tampering("a report is taken out of the sums", _sql(
        "UPDATE countersign.dmarc_reports SET trust = 'unverified' WHERE trust = 'admin'"), Found("report")),
    Tampering("a report becomes a version of another", _sql(
        "UPDATE countersign.dmarc_reports SET report = (SELECT report FROM countersign.dmarc_reports WHERE report IS NOT"
        " NULL ORDER BY seq LIMIT 1) WHERE seq = (SELECT max(seq) FROM countersign.dmarc_reports WHERE report IS NOT"
        " NULL)"), Found("report")),
    Tampering("what DNS said is changed", _sql(
        "UPDATE countersign.dns_evidence SET evidence = replace(evidence, '\"outcome\":\"', '\"outcome\":\"no')"),
        Found("evidence")),
    Tampering("a head in the middle is dropped", _sql(
        "DELETE FROM countersign.heads WHERE size = (SELECT size FROM countersign.heads ORDER BY size OFFSET 3"
        " LIMIT 1)"),
        Unseen("at which sizes commits happened stands in no line; every head that is there must be right, and the "
               "last must be there")),
    Tampering("triggers are disabled", lambda connection: connection.execute(
        "ALTER TABLE countersign.entries DISABLE TRIGGER USER"),
        Unseen("a trigger changes no row; it only stands in the way of accidents")),
]


def _two(connection: psycopg.Connection, query: str) -> tuple[Any, Any]:
    """The first values of the first two rows."""
    rows = connection.execute(query + " LIMIT 2").fetchall()
    return rows[0][0], rows[1][0]

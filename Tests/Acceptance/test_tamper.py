"""A superuser tampers with the tables past triggers and foreign keys; `verify` finds and names it, or it is listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from forgery import Forger
from service import DataDirectory
from specimen import Attack, Specimen
from tamperings import COLUMNS, DROPPED_ROWS, REFUSES, ROWS, STRAY_ROWS, Expectation, Found, Tampering, Unseen
from verdict import CouldNotRun

pytestmark = pytest.mark.tamper

#: How a value of each SQL type is changed; `{}` is the column.
CHANGES = {
    "bigint": "{} + 100000",
    "integer": "{} + 1000",
    "smallint": "{} + 1",
    "text": "{} || 'x'",
    "bytea": "set_byte({0}, 0, get_byte({0}, 0) # 1)",
    "timestamp with time zone": "{} + interval '1 hour'",
    "ARRAY": "array_append({}, 'x')",
    "boolean": "NOT {}",
    "inet": "{} + 1",
    "name": "{} || 'x'",
}
#: Columns that take few values.
CHOICES = {"ledgers.public_reads": "CASE {} WHEN 'none' THEN 'entries' ELSE 'none' END"}
#: What an absent value of each SQL type becomes.
FILLERS = {"bigint": "7", "integer": "7", "text": "'x'", "bytea": "substr(sha256('x'), 1, 16)",
           "timestamp with time zone": "now()", "ARRAY": "ARRAY['x']", "smallint": "1", "boolean": "true",
           "inet": "'192.0.2.66'"}
#: Where a column wants another form.
OWN_FILLERS = {"ledgers.halted_root": "sha256('x')"}
#: Which column says what entry a row is about.
SEQ_OF = {"entries": "seq", "entry_keys": "seq", "disclosures": "seq"}


@pytest.fixture(scope="module")
def specimen(request: pytest.FixtureRequest) -> Iterator[Specimen]:
    directory = DataDirectory()
    try:
        yield Specimen(directory, request.config.option.seed)
    finally:
        directory.close()


@dataclass
class Outcome:
    """What came of one tampering."""

    name: str
    expected: Expectation
    checks: set[str]
    text: str
    #: Where the finding must point, and where the findings point.
    seq: int | None = None
    seqs: frozenset[int | None] = frozenset()

    @property
    def fault(self) -> str | None:
        """Why this is not as it should be; None if it is."""
        if isinstance(self.expected, Unseen):
            return f"{self.name}: is found now ({self.text}), so take it off the list" if self.checks else None
        if not self.checks:
            return f"{self.name}: NOT FOUND"
        if not self.checks & self.expected.checks:
            wanted = sorted(self.expected.checks)
            return f"{self.name}: named {sorted(self.checks)}, expected one of {wanted}: {self.text}"
        if REFUSES in self.checks and self.expected.says not in self.text:
            return f"{self.name}: the refusal does not say {self.expected.says!r}: {self.text}"
        if self.seq is not None and REFUSES not in self.checks and self.seq not in self.seqs:
            return f"{self.name}: entry {self.seq} is not named: {self.text}"
        return None

    def __str__(self) -> str:
        if isinstance(self.expected, Unseen):
            return f"  {self.name:48} not found: {self.expected.reason}"
        return f"  {self.name:48} {', '.join(sorted(self.checks))}"


def tamper(specimen: Specimen, name: str, attack: Attack, expected: Expectation, seq: int | None = None,
           *arguments: str) -> Outcome:
    """Runs one attack and notes what `verify` makes of it."""
    try:
        verdict = specimen.judge(attack, *arguments)
    except CouldNotRun as refusal:
        return Outcome(name, expected, {REFUSES}, str(refusal), seq)
    seqs = frozenset(finding.seq for finding in verdict.findings
                     if isinstance(expected, Unseen) or finding.check in expected.checks)
    return Outcome(name, expected, verdict.checks, str(verdict), seq, seqs)


def settle(outcomes: list[Outcome], report: Callable[[str], None], title: str) -> None:
    """Prints the table and fails on everything that is not as it should be."""
    report(f"{title}: {len(outcomes)} tamperings\n" + "\n".join(map(str, outcomes)))
    faults = [outcome.fault for outcome in outcomes if outcome.fault]
    assert not faults, "\n".join(faults)


def execute(statement: str, *parameters: Any) -> Attack:
    """An attack of one statement, which must touch a row."""
    def run(connection: psycopg.Connection) -> None:
        touched = connection.execute(statement, parameters or None).rowcount
        assert touched > 0, f"this touches no row: {statement}"
    return run


def test_a_new_column_has_to_be_placed(specimen: Specimen) -> None:
    schema = {table: set(columns) for table, columns in specimen.columns().items()}
    placed = {table: set(columns) for table, columns in COLUMNS.items()}
    assert schema == placed, "columns that stand in one of schema and COLUMNS only"
    assert schema.keys() == STRAY_ROWS.keys() == DROPPED_ROWS.keys()


def test_no_table_of_the_specimen_is_empty(specimen: Specimen) -> None:
    counts = specimen.row_counts()
    assert all(counts.values()), counts
    assert counts["tiles"] >= 2 and counts["heads"] > 20 and counts["subjects"] > 10, counts


def change_one_value(table: str, column: str, change: str, row: tuple[Any, Any]) -> Attack:
    return execute(f"UPDATE countersign.{table} SET {column} = {change} WHERE tableoid = %s AND ctid = %s", *row)


def rows_with(specimen: Specimen, table: str, column: str, condition: str) -> list[tuple[Any, ...]]:
    """Where rows lie, and the entry each is about, in the order of the table's key."""
    seq = SEQ_OF.get(table, "NULL::bigint")
    key = specimen.one(
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY array_position(conkey, attnum)) FROM pg_constraint"
        " JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey)"
        " WHERE contype = 'p' AND conrelid = %s::regclass", f"countersign.{table}")
    return specimen.connection.execute(
        f"SELECT tableoid, ctid, {seq} FROM countersign.{table} WHERE {column} {condition} ORDER BY {key}").fetchall()


def test_every_changed_column_is_found_and_named(specimen: Specimen, report: Callable[[str], None]) -> None:
    outcomes = []
    for table, columns in specimen.columns().items():
        for column, (kind, nullable) in columns.items():
            expected = COLUMNS[table][column]
            change = CHOICES.get(f"{table}.{column}", CHANGES[kind])
            cases = [("changed", change.format(column), "IS NOT NULL")]
            if nullable:
                filler = OWN_FILLERS.get(f"{table}.{column}", FILLERS[kind])
                cases += [("removed", "NULL", "IS NOT NULL"), ("made up", filler, "IS NULL")]
            for case, change, condition in cases:
                rows = rows_with(specimen, table, column, condition)
                if not rows:
                    continue
                # Of the heads only the last one cannot have been invented or left out.
                *place, seq = rows[-1] if table == "heads" else specimen.rng.choice(rows)
                attack = change_one_value(table, column, change, (place[0], place[1]))
                outcomes.append(tamper(specimen, f"{table}.{column} {case}", attack, expected, seq))
    named = {outcome.name.split(" ")[0] for outcome in outcomes}
    everything = {f"{table}.{column}" for table, columns in COLUMNS.items() for column in columns}
    settle(outcomes, report, "changed columns")
    assert named == everything, f"never changed: {everything - named}"


def test_a_dropped_row_is_found_in_every_table(specimen: Specimen, report: Callable[[str], None]) -> None:
    outcomes = []
    for table, expected in DROPPED_ROWS.items():
        oid, place, _ = rows_with(specimen, table, "1", "= 1")[-1]
        attack = execute(f"DELETE FROM countersign.{table} WHERE tableoid = %s AND ctid = %s", oid, place)
        outcomes.append(tamper(specimen, f"the last row of {table} is dropped", attack, expected))
    settle(outcomes, report, "dropped rows")


def test_an_emptied_table_is_found(specimen: Specimen, report: Callable[[str], None]) -> None:
    outcomes = []
    for table, expected in DROPPED_ROWS.items():
        def truncate(connection: psycopg.Connection, table: str = table) -> None:
            connection.execute(f"TRUNCATE countersign.{table} CASCADE" if table == "ledgers" else
                               f"TRUNCATE countersign.{table}")
        outcomes.append(tamper(specimen, f"{table} is emptied", truncate, expected))
    settle(outcomes, report, "emptied tables")


def test_a_stray_row_is_found_in_every_table(specimen: Specimen, report: Callable[[str], None]) -> None:
    outcomes = [
        tamper(specimen, f"a stray row in {table}", execute(f"INSERT INTO countersign.{table} {source}"), expected)
        for table, (source, expected) in STRAY_ROWS.items()]
    settle(outcomes, report, "stray rows")


@pytest.mark.parametrize("tampering", ROWS, ids=lambda tampering: tampering.name)
def test_an_attack_on_rows_is_named(
    specimen: Specimen, tampering: Tampering, report: Callable[[str], None],
) -> None:
    outcome = tamper(specimen, tampering.name, tampering.attack, tampering.expected, tampering.seq)
    settle([outcome], report, "rows")


def rewrite(start: int, layers: int) -> Attack:
    """Gives entry `start` another outcome and makes the first `layers` of what follows from it fit."""
    def run(connection: psycopg.Connection) -> None:
        forger = Forger(connection)
        assert forger.lines[start].count(b'"outcome":"delivered"') == 0
        forger.edit(start, outcome="delivered")
        if layers >= 3:
            forger.relink(start + 1)
        forger.write_lines(start)
        for number, write in enumerate((
                lambda: forger.write_outcomes(start), lambda: forger.write_leaf_hashes(start), lambda: None,
                forger.write_tiles, forger.write_heads, lambda: forger.drop_checkpoints(start))):
            if number < layers:
                write()
    return run


#: How far the forger gets, and what still names it.
FORGERIES = [
    ("the line alone", 0, Found("leaf_hash", "column:outcome")),
    ("and its columns and counts", 1, Found("leaf_hash")),
    ("and its leaf hash", 2, Found("previous")),
    ("and the chain after it", 3, Found("tile")),
    ("and all tiles", 4, Found("head")),
    ("and all heads", 5, Found("checkpoint")),
    ("and the checkpoints are gone", 6, Unseen("a consistent rewrite of everything from an entry on: only a checkpoint "
                                               "kept outside can tell, and the guard, see the next test")),
]


@pytest.mark.parametrize(("reach", "layers", "expected"), FORGERIES, ids=[forgery[0] for forgery in FORGERIES])
def test_a_forged_suffix_is_named_until_it_is_consistent(
    specimen: Specimen, reach: str, layers: int, expected: Expectation, report: Callable[[str], None],
) -> None:
    settle([tamper(specimen, f"forged: {reach}", rewrite(300, layers), expected)], report, "forgery")


def test_a_consistent_rewrite_is_found_by_a_root_kept_outside(specimen: Specimen) -> None:
    kept = f"{specimen.intact.size}:{specimen.intact.root}"
    outcome = tamper(specimen, "rewrite", rewrite(300, 6), Found("truncated", "head", "tile"), None, "--expect", kept)
    assert outcome.fault is None, outcome.fault
    before = specimen.verify("--expect", kept)
    assert before.is_intact, "the root kept outside is right for the untouched ledger"


def truncate_consistently(connection: psycopg.Connection) -> None:
    forger = Forger(connection)
    size = [size for size in forger.commit_boundaries() if size < len(forger.lines) - 20][-1]
    forger.truncate(size)


def test_a_consistent_truncation_is_found_by_a_size_kept_outside_only(
    specimen: Specimen, report: Callable[[str], None],
) -> None:
    alone = Unseen("a ledger taken back to an earlier commit without a trace, as by restoring an old backup: only a "
                   "size and root kept outside can tell")
    kept = f"{specimen.intact.size}:{specimen.intact.root}"
    settle([
        tamper(specimen, "taken back to an earlier commit", truncate_consistently, alone),
        tamper(specimen, "taken back, judged with a kept size", truncate_consistently, Found("truncated"), None,
               "--expect", kept),
    ], report, "truncation")


def test_verify_counts_the_broken_entries_and_names_the_first(specimen: Specimen) -> None:
    verdict = specimen.judge(execute("UPDATE countersign.entries SET kind = 'x' WHERE seq IN (41, 200, 555)"))
    assert not verdict.is_intact and verdict.broken == 3
    assert [(finding.check, finding.seq) for finding in verdict.findings] == [
        ("column:kind", 41), ("column:kind", 200), ("column:kind", 555)]
    many = specimen.judge(execute("UPDATE countersign.entries SET kind = 'x'"))
    assert many.broken == specimen.size and len(many.findings) == 100 and many.findings_total == specimen.size


def test_the_specimen_is_as_before(specimen: Specimen) -> None:
    assert specimen.verify() == specimen.intact

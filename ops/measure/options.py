"""The command line of ops/bench."""
from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from .entries import ENTRIES_MAX

DEFAULT_ENTRIES = 1_000_000
QUICK_ENTRIES = 50_000
ENTRIES_MIN = 20_000
DEFAULT_LEG_SECONDS = 10.0
QUICK_LEG_SECONDS = 2.0
DEFAULT_LEDGERS = 1_000
QUICK_LEDGERS = 100
LEDGERS_MIN, LEDGERS_MAX = 10, 10_000

ROWS = {
    "ingest": "batches of 1,000 over four connections (and one) beside raw binary COPY of the same rows",
    "single": "single entries over HTTP, 32 clients, beside pgbench's single-row INSERTs into one plain table",
    "single-all": "the same with 1, 8, 32, 128 and 256 clients",
    "query": "by message ID and by sender and time, beside the same SQL through pgbench",
    "stats": "the dashboard's statistics, in milliseconds",
    "proofs": "proofs and receipts at random, receipts with an append, signing and tiles, an export verified offline",
    "export": "JSONL over HTTP beside binary COPY of the lines",
    "verify": "countersign verify beside binary COPY of the entries into openssl dgst -sha256",
    "ledgers": "batches into 2 and 4 ledgers at once; 1,000 ledgers idle, with light traffic, beside a busy one",
    "reports": "DMARC reports read, and imported, beside parsedmarc (PyPI) parsing them; only where it is asked for",
    "disk": "bytes of each table and index, and what VACUUM costs",
    "growth": "every rate at 0.1 M entries (or a tenth) too: how far it falls, beside how far its baseline falls",
    "messages": "signed mails verified over HTTP and by the command, beside dkimpy, and beside OpenSSL's bare RSA",
    "sweep": "identities of 10,000 domains checked over HTTP, beside the bare DNS look-ups by dnsperf",
}
# These want packages that no other row needs: Debian's knot and dnsperf, PyPI's dkimpy and parsedmarc.
MAIL_ROWS = ("messages", "sweep", "reports")
DEFAULT_ROWS = tuple(name for name in ROWS if name not in ("single-all", *MAIL_ROWS))
QUICK_ROWS = tuple(name for name in DEFAULT_ROWS if name not in ("growth", "ledgers"))

DESCRIPTION = """\
Measures Countersign beside what Postgres does alone: each row has a baseline that runs in the same run on the same
cluster, in turns with ours, each turn (a leg) after a CHECKPOINT. A row shows medians of five legs and their ratio;
what reads more than two million entries from end to end has three. Beside the table stand what a unit costs each
process, latencies, what Postgres' sessions waited for, and disk.

It starts a service with a private Postgres of its own in a temporary folder, fills a ledger, measures, verifies, and
removes all of it. What is missing is installed with apt (Postgres, wrk) and into ./.venv (psycopg); the rows of mail
want knot, dnsperf and dkimpy as well. What it is going to do, and about how long that takes, it says first."""

EPILOG = """\
rows:
{rows}

examples:
  ops/bench --quick                        a first impression, in a few minutes
  ops/bench --json before.json             a million entries, about half an hour; keep the figures
  ops/bench --compare before.json          the same again, and what changed
  ops/bench --rows ingest --entries 200000 one row
  ops/bench --rows single-all              the latencies at 1 to 256 clients
  ops/bench --rows messages,sweep --entries 20000   mail: the ledger hardly matters
  ops/bench --entries 10000000             ten million, more than an hour
  ops/bench --profile profiles --rows verify   where its time goes
  ops/bench --table before.json            the tables of an earlier run again; nothing is measured
  ops/bench --table before.json --markdown the main table alone, for a README

Figures of a machine that does something else meanwhile are worth nothing. Exit: 0 measured (a bar that is missed is
said in the table), 1 a measurement failed, 2 wrong usage, 3 could not run."""


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    binary: Path
    entries: int
    leg_seconds: float
    rows: tuple[str, ...]
    folder: Path
    keep: bool
    json: Path | None
    compare: Path | None
    ledgers: int = DEFAULT_LEDGERS
    profile: Path | None = None
    markdown: bool = False

    def wants(self, row: str) -> bool:
        return row in self.rows or (row == "single" and "single-all" in self.rows)


def _rows(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in ROWS]
    if unknown or not names:
        raise argparse.ArgumentTypeError(f"no row {', '.join(unknown)!r}; there are {', '.join(ROWS)}")
    return names


def _entries(text: str) -> int:
    try:
        count = int(text.replace(",", "").replace("_", ""))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
    if not ENTRIES_MIN <= count <= ENTRIES_MAX or count % 10_000:
        raise argparse.ArgumentTypeError(f"from {ENTRIES_MIN:,} to {ENTRIES_MAX:,}, and a multiple of 10,000")
    return count


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
    if not 1 <= seconds <= 600:
        raise argparse.ArgumentTypeError("from 1 to 600 seconds")
    return seconds


def _ledgers(text: str) -> int:
    if not text.isdigit() or not LEDGERS_MIN <= int(text) <= LEDGERS_MAX:
        raise argparse.ArgumentTypeError(f"from {LEDGERS_MIN} to {LEDGERS_MAX:,}")
    return int(text)


def _existing(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text}")
    return path.resolve()


def parser() -> argparse.ArgumentParser:
    """What ops/bench understands."""
    rows = "\n".join(f"  {name:<11} {text}" for name, text in ROWS.items())
    found = argparse.ArgumentParser(
        prog="ops/bench", description=DESCRIPTION, epilog=EPILOG.format(rows=rows),
        formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--quick", action="store_true",
                       help=f"{QUICK_ENTRIES:,} entries, legs of {QUICK_LEG_SECONDS:g} s, without growth and ledgers: "
                            "a smoke run")
    found.add_argument("--entries", type=_entries, metavar="N",
                       help=f"entries in the ledger (default {DEFAULT_ENTRIES:,}; 10,000,000 wants 59 GB of disk)")
    found.add_argument("--leg-seconds", type=_seconds, metavar="S",
                       help=f"length of the legs that last a time (default {DEFAULT_LEG_SECONDS:g})")
    found.add_argument("--ledgers", type=_ledgers, metavar="N",
                       help=f"how many light ledgers the row `ledgers` makes (default {DEFAULT_LEDGERS:,})")
    found.add_argument("--rows", type=_rows, metavar="ROW,...",
                       help="only these (default: all but single-all, messages, sweep and reports)")
    found.add_argument("--json", type=Path, metavar="FILE",
                       help="also write all figures of all legs to FILE, row by row as they come")
    found.add_argument("--compare", type=_existing, metavar="FILE", help="FILE of an earlier run: show what changed")
    found.add_argument("--table", type=_existing, metavar="FILE",
                       help="only print the tables of FILE, which --json has written")
    found.add_argument("--markdown", action="store_true", help="print the main table alone, as Markdown")
    found.add_argument("--profile", type=Path, metavar="DIR",
                       help="perf record the service in the first leg of each row: DIR/ROW.txt and DIR/ROW.data")
    found.add_argument("--dir", type=Path, default=Path("/var/tmp"), metavar="DIR",
                       help="where the temporary folder is made (default /var/tmp); a real disk: commits wait for it")
    found.add_argument("--keep", action="store_true", help="leave the folder with the filled ledger behind")
    found.add_argument("--binary", type=_existing, metavar="FILE", help="measure this one instead of building it")
    return found


def read(arguments: list[str]) -> Options:
    """The options that `arguments` say; ends the program with 2 if they are wrong."""
    parse = parser()
    found = parse.parse_args(arguments)
    if found.binary is None:
        parse.error("--binary is missing (ops/bench builds one and gives it)")
    return Options(
        binary=found.binary,
        entries=found.entries or (QUICK_ENTRIES if found.quick else DEFAULT_ENTRIES),
        leg_seconds=found.leg_seconds or (QUICK_LEG_SECONDS if found.quick else DEFAULT_LEG_SECONDS),
        rows=found.rows or (QUICK_ROWS if found.quick else DEFAULT_ROWS),
        folder=found.dir.resolve(), keep=found.keep, json=found.json, compare=found.compare,
        ledgers=found.ledgers or (QUICK_LEDGERS if found.quick else DEFAULT_LEDGERS),
        profile=found.profile, markdown=found.markdown)


if __name__ == "__main__":
    # Says what is wrong with the arguments, or how they should be, and which rows of mail are wanted; needs nothing
    # that is installed later.
    print(*(row for row in parser().parse_args().rows or () if row in MAIL_ROWS))

"""What somebody with all rights in the database, the key, or a copy of everything can make of a ledger."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psycopg

from forgery import Forger
from notes import Checkpoint, Signer
from reference import canonical, leaf_hash, root
from service import DataDirectory


def past_triggers(directory: DataDirectory) -> psycopg.Connection:
    """A superuser's connection that no trigger and no foreign key stops."""
    connection = directory.sql()
    connection.execute("SET session_replication_role = replica")
    return connection


def rewrite(directory: DataDirectory, seq: int) -> Forger:
    """Gives one entry another outcome and recomputes all that follows from it: lines, columns, counts, tiles, heads;
    published checkpoints, which nobody can sign anew, go."""
    with past_triggers(directory) as connection, connection.transaction():
        forger = Forger(connection)
        forger.edit(seq, outcome="delivered")
        forger.relink(seq + 1)
        forger.write_lines(seq)
        forger.write_outcomes(seq)
        forger.write_leaf_hashes(seq)
        forger.write_tiles()
        forger.write_heads()
        connection.execute("DELETE FROM countersign.checkpoints WHERE size > %s", [seq])
    return forger


def truncate(directory: DataDirectory, size: int) -> int:
    """Takes the ledger back to the last commit of at most `size` entries; gives the size it has then."""
    with past_triggers(directory) as connection, connection.transaction():
        forger = Forger(connection)
        boundary = [each for each in forger.commit_boundaries() if each <= size][-1]
        forger.truncate(boundary)
    return boundary


def remember(directory: DataDirectory) -> dict[str, bytes]:
    """The rows of every table, as a backup would have them."""
    with past_triggers(directory) as connection, connection.transaction():
        tables = [name for (name,) in connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'countersign'::regnamespace AND relkind IN ('r', 'p')"
            " AND NOT relispartition ORDER BY relname")]
        remembered: dict[str, bytes] = {}
        for table in tables:
            with connection.cursor().copy(f"COPY (TABLE countersign.{table}) TO STDOUT") as rows:
                remembered[table] = b"".join(rows)
    return remembered


def bring_back(directory: DataDirectory, tables: Mapping[str, bytes]) -> None:
    """Puts the remembered rows of these tables back, except whether the ledger is halted."""
    with past_triggers(directory) as connection, connection.transaction():
        kept = [table for table in tables if table not in ("ledgers", "leases")]
        connection.execute(f"TRUNCATE {', '.join(f'countersign.{table}' for table in kept)}")
        for table in kept:
            with connection.cursor().copy(f"COPY countersign.{table} FROM STDIN") as rows:
                rows.write(tables[table])


# -- what lies in files


def copy(source: Path, target: Path) -> None:
    """Copies a folder with its owners, who differ from us."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def put_in_place(source: Path, target: Path) -> None:
    """Puts a copy of a folder where another stood."""
    shutil.rmtree(target)
    copy(source, target)


def twin(directory: DataDirectory) -> DataDirectory:
    """A second host with a copy of everything: database, keys and guard. The service must be stopped."""
    assert directory.postmaster() is None, "a running database cannot be copied so"
    other = DataDirectory(directory.origin)
    copy(directory.path, other.path)
    other.admin_token = directory.admin_token
    return other


# -- with the stolen key


def forge(lines: Sequence[bytes], seq: int) -> list[bytes]:
    """The lines with another outcome of one entry, and a chain that holds."""
    made = list(lines[:seq])
    for place, line in enumerate(lines[seq:], start=seq):
        members = {**json.loads(line), **({"outcome": "forged"} if place == seq else {})}
        made.append(canonical({**members, "prev": leaf_hash(made[-1]).hex()}))
    return made


def checkpoint_over(lines: Sequence[bytes], signer: Signer) -> bytes:
    """A signed checkpoint over these lines."""
    return signer.note(Checkpoint(signer.key.name, len(lines), root([leaf_hash(line) for line in lines])).text).data


def guard_over(lines: Sequence[bytes], signer: Signer) -> bytes:
    """What the guard would hold if it had grown with these lines: the perfect subtrees, the largest first."""
    hashes = [leaf_hash(line) for line in lines]
    rows, start = [b"countersign/guard/1"], 0
    for height in reversed(range(len(hashes).bit_length())):
        if len(hashes) >> height & 1:
            rows.append(base64.b64encode(root(hashes[start:start + (1 << height)])))
            start += 1 << height
    return b"\n".join(rows) + b"\n\n" + checkpoint_over(lines, signer)

"""A forger who knows the format: rewrites entries and makes everything that follows from them fit again."""

from __future__ import annotations

import json
from typing import Any

import psycopg

from reference import canonical, genesis, leaf_hash, root, tiles


class Forger:
    """The lines of the only ledger, and the means to put other ones in their place."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        row = connection.execute("SELECT ledger_id, origin FROM countersign.ledgers").fetchone()
        assert row is not None
        self.ledger_id, self.origin = row
        self.lines: list[bytes] = [line.encode() for (line,) in connection.execute(
            "SELECT line FROM countersign.entries ORDER BY seq")]

    @property
    def hashes(self) -> list[bytes]:
        return [leaf_hash(line) for line in self.lines]

    # -- lines

    def edit(self, seq: int, /, **members: Any) -> None:
        """Gives one entry other members."""
        self.lines[seq] = canonical({**json.loads(self.lines[seq]), **members})

    def relink(self, start: int) -> None:
        """Numbers and links the lines from `start` on, so that the chain holds again."""
        for seq in range(start, len(self.lines)):
            previous = leaf_hash(self.lines[seq - 1]) if seq else genesis(self.origin)
            self.edit(seq, seq=seq, prev=previous.hex())

    # -- what follows from them, layer by layer

    def write_lines(self, start: int) -> None:
        self._update("line", [line.decode() for line in self.lines], start)

    def write_leaf_hashes(self, start: int) -> None:
        self._update("leaf_hash", self.hashes, start)

    def write_outcomes(self, start: int) -> None:
        """The projected column `outcome`, and counts that start again from nothing."""
        self._update("outcome", [json.loads(line)["outcome"] for line in self.lines], start)
        self.connection.execute("DELETE FROM countersign.rollups")
        self.connection.execute("DELETE FROM countersign.daily_rollups")
        self.connection.execute("UPDATE countersign.watermarks SET seq = 0")

    def write_tiles(self) -> None:
        for (level, index), (tile_root, hashes) in tiles(self.hashes).items():
            self.connection.execute(
                "UPDATE countersign.tiles SET root = %s, hashes = %s WHERE (level, tile_index) = (%s, %s)",
                [tile_root, hashes, level, index])

    def write_heads(self) -> None:
        hashes = self.hashes
        sizes = [size for (size,) in self.connection.execute("SELECT size FROM countersign.heads")]
        for size in sizes:
            self.connection.execute(
                "UPDATE countersign.heads SET root = %s WHERE size = %s", [root(hashes[:size]), size])

    def drop_checkpoints(self, start: int) -> None:
        """Nobody but the ledger's key can make others."""
        for table in ("timestamps", "checkpoints"):
            self.connection.execute(f"DELETE FROM countersign.{table} WHERE size > %s", [start])

    def _update(self, column: str, values: list[Any], start: int) -> None:
        with self.connection.cursor() as cursor:
            cursor.executemany(
                f"UPDATE countersign.entries SET {column} = %s WHERE seq = %s",
                [(values[seq], seq) for seq in range(start, len(values))])

    # -- truncation

    def commit_boundaries(self) -> list[int]:
        """The sizes that the ledger had after each commit."""
        return [size for (size,) in self.connection.execute("SELECT size FROM countersign.heads ORDER BY size")]

    def truncate(self, size: int) -> None:
        """Takes the ledger back to an earlier commit, without a trace in any table."""
        kept = [json.loads(line) for line in self.lines[:size]]
        subjects = {subject for line in kept for subject in line.get("subjects", [])}
        for statement in (
            "DELETE FROM countersign.entries WHERE seq >= %(size)s",
            "DELETE FROM countersign.entry_keys WHERE seq >= %(size)s",
            "DELETE FROM countersign.disclosures WHERE seq >= %(size)s",
            "DELETE FROM countersign.keys WHERE first_seq >= %(size)s",
            "DELETE FROM countersign.heads WHERE size > %(size)s",
            "DELETE FROM countersign.tiles WHERE ((tile_index + 1) << (8 * (level + 1))) > %(size)s",
            "DELETE FROM countersign.hours WHERE first_seq >= %(size)s",
            "DELETE FROM countersign.dmarc_reports WHERE seq >= %(size)s",
            "DELETE FROM countersign.erased_ranges WHERE erased_by >= %(size)s",
            "DELETE FROM countersign.legal_holds WHERE held_seq >= %(size)s",
            "UPDATE countersign.legal_holds SET released_seq = NULL WHERE released_seq >= %(size)s",
            "DELETE FROM countersign.tokens WHERE granted_seq >= %(size)s",
            "UPDATE countersign.tokens SET revoked_seq = NULL WHERE revoked_seq >= %(size)s",
            "DELETE FROM countersign.checkpoints WHERE size > %(size)s",
            "DELETE FROM countersign.timestamps WHERE size > %(size)s",
            "DELETE FROM countersign.signing_keys WHERE seq >= %(size)s",
            "DELETE FROM countersign.rollups",
            "DELETE FROM countersign.daily_rollups",
            "UPDATE countersign.watermarks SET seq = 0",
            "DELETE FROM countersign.subjects WHERE NOT rtrim(translate(encode(pseudonym, 'base64'), '+/', '-_'), '=')"
            " = ANY (%(subjects)s)",
        ):
            self.connection.execute(statement, {"size": size, "subjects": list(subjects)})

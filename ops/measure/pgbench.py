"""Load on Postgres from its own pgbench: the baseline of what comes in single requests."""
from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .database import Database
from .histogram import shares
from .legs import Leg
from .processes import MeasurementFailed

# Its time runs while it connects, which its rate leaves out: so many clients more get a second more.
CLIENTS_PER_SECOND = 64
SHARES = {"p50": 0.5, "p75": 0.75, "p90": 0.9, "p99": 0.99, "p999": 0.999}


@dataclass(frozen=True)
class Transactions:
    """A script of pgbench with its variables, for a time.

    One script, for each client prepares each statement of each script, and that is not what is measured.
    """

    script: Path
    clients: int
    seconds: float
    unit: str
    variables: tuple[tuple[str, int], ...] = ()
    # Options of its sessions, as PGOPTIONS has them.
    options: str = ""

    def drive(self, database: Database, leg: Leg) -> None:
        """Puts what pgbench measured into `leg`. A single transaction that fails spoils it."""
        seconds = round(self.seconds) + self.clients // CLIENTS_PER_SECOND
        with tempfile.TemporaryDirectory() as folder:
            ended = database.run_tool(
                "pgbench", "--no-vacuum", "--protocol", "prepared", "--client", str(self.clients), "--jobs", "1",
                "--time", str(seconds), "--log", "--log-prefix", f"{folder}/log", f"--file={self.script}",
                *(f"--define={name}={value}" for name, value in self.variables),
                options=self.options)
            latencies = sorted(
                int(line.split(" ", 3)[2]) / 1000 for log in Path(folder).iterdir()
                for line in log.read_text().splitlines())
        rate = re.search(r"^tps = ([0-9.]+)", ended.output, re.MULTILINE)
        failed = re.search(r"^number of failed transactions: ([0-9]+)", ended.output, re.MULTILINE)
        if not rate or not latencies or not failed or failed[1] != "0":
            raise MeasurementFailed(f"pgbench: {ended.output}")
        leg.count, leg.unit = len(latencies), self.unit
        # pgbench leaves the time it takes to connect out of its rate, as it should.
        leg.seconds = leg.count / float(rate[1])
        leg.latency_ms = {name: latencies[int(share * (leg.count - 1))] for name, share in SHARES.items()}
        leg.latency_ms["max"] = latencies[-1]
        leg.histogram = shares(latencies)

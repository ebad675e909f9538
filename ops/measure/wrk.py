"""HTTP load from wrk, which needs little of the machine itself (its seconds stand with each leg as `client`)."""
from __future__ import annotations

from dataclasses import dataclass

from .entries import LOAD
from .legs import Leg
from .processes import MeasurementFailed, run

TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Load:
    """A script of ours in wrk, with its arguments, for a time."""

    script: str
    arguments: tuple[str, ...]
    clients: int
    seconds: float
    path: str = "/"

    def drive(self, url: str, token: str, leg: Leg) -> None:
        """Puts what wrk measured into `leg`. A single answer that is no success spoils it."""
        ended = run(
            ["wrk", "--threads", "1", "--connections", str(self.clients), "--duration", f"{self.seconds:.0f}s",
             "--timeout", f"{TIMEOUT_SECONDS}s", "--header", f"Authorization: Bearer {token}",
             "--script", self.script, url + self.path, "--", *self.arguments], folder=LOAD)
        line = next((line for line in ended.output.splitlines() if line.startswith("measured ")), "")
        *figures, buckets = line.split()[1:] or [""]
        found = {name: float(value) for name, value in (pair.split("=") for pair in figures)}
        if not found or found["faults"] or found["refused"] or not found["count"]:
            raise MeasurementFailed(f"wrk with {self.script}: {line or ended.output}")
        leg.count, leg.seconds = int(found["count"]), found["seconds"]
        leg.latency_ms = {name: found[name] for name in ("p50", "p75", "p90", "p99", "p999", "max")}
        shares = (pair.split(":") for pair in buckets.removeprefix("histogram=").split(","))
        leg.histogram = {int(number): float(share) for number, share in sorted(shares, key=lambda pair: int(pair[0]))}

"""The four invoices of the demo, and the person who decides about their final notices."""
from __future__ import annotations

import time
from dataclasses import dataclass, field

import httpx

from executor import Call, Executor, Run
from ledger import JSON, Ledger

RUN_SECONDS_MAX = 60.0
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Scenario:
    """One overdue invoice: what goes wrong on purpose, and how the person decides if it comes to that."""

    invoice_id: str
    title: str
    decision: str | None = None
    reason: str = ""
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def event(self) -> JSON:
        return {"id": f"overdue-{self.invoice_id}", "name": "invoice/overdue", "data": {"invoice_id": self.invoice_id}}


SCENARIOS = [
    Scenario("INV-1", "a database fails once, an answer gets lost, a step is delivered twice; then a person approves",
             "approved", "third month, please send", {"send-reminder": "lost", "ask-approval": "redeliver"}),
    Scenario("INV-2", "a person says no", "rejected", "paid this morning"),
    Scenario("INV-3", "the relay refuses the address"),
    Scenario("INV-4", "the line to the relay drops after the mail's last byte, before its answer"),
]


@dataclass(frozen=True)
class Played:
    """A scenario that was driven to its end, with the engine's ground truth."""

    scenario: Scenario
    run: Run
    calls: list[Call]

    def calls_of(self, step: str) -> list[Call]:
        return [call for call in self.calls if call.step == step]


class Stage:
    """Drives scenarios through the executor over HTTP, and plays the person meanwhile."""

    def __init__(self, executor: Executor, approver: Ledger, reader: Ledger) -> None:
        self._executor, self._approver, self._reader = executor, approver, reader

    def send_event(self, event: JSON) -> None:
        """Puts one event in at the engine's front door, as any app does."""
        url = f"{self._executor.url}/e/{self._executor.event_key}"
        httpx.post(url, json=event, trust_env=False).raise_for_status()

    def play(self, scenario: Scenario) -> Played:
        """Starts the invoice's run, decides when asked, and waits for the run and for the report of its end."""
        event = scenario.event
        for step, fault in scenario.faults.items():
            self._executor.faults[event["id"], step] = fault
        self.send_event(event)
        run = next(run for run in self._executor.runs if run.event["id"] == event["id"])
        deadline = time.monotonic() + RUN_SECONDS_MAX
        undecided = scenario.decision is not None
        while not self._ended(run):
            if undecided:
                undecided = not self._decide(scenario, run)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{scenario.invoice_id}: the run did not end within {RUN_SECONDS_MAX:.0f} s")
            time.sleep(POLL_SECONDS)
        return Played(scenario, run, [call for call in self._executor.calls if call.run_id == run.id])

    def _ended(self, run: Run) -> bool:
        forwards = [other for other in self._executor.runs if other.event["data"].get("run_id") == run.id]
        return run.over.is_set() and bool(forwards) and all(forward.over.is_set() for forward in forwards)

    def _decide(self, scenario: Scenario, run: Run) -> bool:
        """Looks at what is held; if this run's notice is there, records the decision and then tells the engine."""
        held = [item["entry"] for item in self._reader.entries(kind="send", outcome="held", run_id=run.id)]
        if not held:
            return False
        message_id = held[0]["message_id"]
        recorded = self._approver.record(
            {"kind": "decision", "outcome": scenario.decision, "message_id": message_id, "sender": held[0]["sender"],
             "oversight_mode": held[0]["oversight_mode"], "actor": {"type": "person", "id": "staff-17"},
             "personal": {"reason": scenario.reason}}, key=f"{message_id}:decision")
        # The ledger first, then the event: what the event says can then be looked up.
        data = {"ref": scenario.invoice_id, "message_id": message_id, "decision": scenario.decision,
                "seq": recorded["seq"]}
        event_id = f"decision-{recorded['leaf_hash'][:16]}"
        self.send_event({"id": event_id, "name": "ledger/approval.decided", "data": data})
        return True

"""What must be true at the end: the ledger is compared with what the engine did and with what the sink took."""
from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from executor import Call, Executor
from ledger import JSON, Ledger
from scenario import Played

NO_CALL_STEPS = {"load-invoice", "read-decision"}  # steps that record nothing, so headers cannot show them


class Facts:
    """Sentences that held or did not. All are checked, so that one failure does not hide the next."""

    def __init__(self) -> None:
        self.checked = self.failed = 0

    def check(self, sentence: str, holds: bool, seen: Any = None) -> None:
        self.checked += 1
        print(f"   {'ok    ' if holds else 'FAILED'}  {sentence}")
        if not holds:
            self.failed += 1
            if seen is not None:
                print(f"           seen: {seen}")


@dataclass(frozen=True)
class Coverage:
    """Which dispatches the ledger knows of, and from whom."""

    by_middleware: set[str]
    by_headers: set[str]

    @classmethod
    def read(cls, reader: Ledger) -> Coverage:
        found = [item["entry"] for item in reader.entries(kind="step_attempt")]
        return cls({dispatch(entry) for entry in found if entry["outcome"] != "called"},
                   {dispatch(entry) for entry in found if entry["outcome"] == "called"})


def dispatch(entry: JSON) -> str:
    return str(entry["workflow"].get("dispatch_id"))


def check_engine(facts: Facts, played: dict[str, Played], executor: Executor) -> None:
    """Retries, the lost answer, the doubled delivery, the doubled event."""
    first, rejected, refused, unknown = (played[name] for name in ("INV-1", "INV-2", "INV-3", "INV-4"))
    statuses = [one.run.status for one in (first, rejected, refused, unknown)]
    facts.check("two runs completed, two failed", statuses == ["Completed"] * 2 + ["Failed"] * 2, statuses)
    tries = [(call.attempt, call.op) for call in first.calls_of("load-invoice")]
    facts.check("the step that failed once ran again as attempt 1", tries == [(0, "StepError"), (1, "StepRun")], tries)

    attempts = first.calls_of("send-reminder")
    results = [call.result for call in attempts]
    facts.check("the lost answer came again as attempt 1, and the ledger replayed the same entry",
                [call.attempt for call in attempts] == [0, 1] and same_entry([one["claim"] for one in results]),
                results)
    facts.check("and the mail was handed over once", [one["handed_over"] for one in results] == [True, False], results)

    twice = first.calls_of("ask-approval")
    facts.check("the doubled delivery has one attempt number, two dispatch ids and one entry",
                [call.attempt for call in twice] == [0, 0] and len({call.dispatch_id for call in twice}) == 2
                and same_entry([call.result for call in twice]), [call.result for call in twice])
    started = [run for run in executor.runs if run.event["name"] == "invoice/overdue"]
    facts.check("an event that came twice started one run", len(started) == len(played), len(started))
    final = [call for call in refused.calls if call.executed and call.step != "load-invoice"]
    facts.check("a refusal by the relay was not retried", len(final) == 1, len(final))
    facts.check("the executor had no trouble of its own", not executor.problems, executor.problems)


def same_entry(receipts: list[JSON]) -> bool:
    return [one["replayed"] for one in receipts] == [False, True] and len({one["leaf_hash"] for one in receipts}) == 1


def check_mail(facts: Facts, reader: Ledger, in_sink: list[str], approver_id: str) -> None:
    """Mail by mail: what the sink took against what the ledger says."""
    by_outcome: dict[str, list[str]] = {}
    for item in reader.entries(kind="send"):
        by_outcome.setdefault(item["entry"]["outcome"], []).append(item["entry"]["message_id"])
    sent = sorted(by_outcome.get("sent", []))
    facts.check(f"{len(in_sink)} mails in the sink, and the ledger says `sent` of exactly their Message-IDs",
                sent == in_sink and len(in_sink) > 0, {"sink": in_sink, "ledger": sent})
    facts.check("no mail came to the sink twice", len(set(in_sink)) == len(in_sink), in_sink)
    counts = Counter({outcome: len(ids) for outcome, ids in by_outcome.items()})
    facts.check("one mail was cancelled, one failed, and of one nobody knows: `unknown`",
                (counts["cancelled"], counts["failed"], counts["unknown"]) == (1, 1, 1), dict(counts))
    decisions = [item["entry"] for item in reader.entries(kind="decision")]
    facts.check("both decisions were recorded by the approver's token, not by the app's",
                [one["reporter"]["id"] for one in decisions] == [approver_id] * 2, decisions)
    approved = next((one["message_id"] for one in decisions if one["outcome"] == "approved"), "")
    states = [item["entry"]["outcome"] for item in reader.message(approved)["timeline"]
              if item["entry"]["kind"] in ("send", "decision")] if approved else []
    facts.check("the approved notice was held, approved, scheduled, sent, in this order",
                states == ["held", "approved", "scheduled", "sent"], states)


def check_coverage(facts: Facts, played: dict[str, Played], reader: Ledger) -> None:
    """Each way an attempt reaches the ledger shows what it should, and no more."""
    executed: list[Call] = [call for one in played.values() for call in one.calls if call.executed]
    coverage = Coverage.read(reader)
    ran = {call.dispatch_id for call in executed}
    called = {call.dispatch_id for call in executed if call.step not in NO_CALL_STEPS}
    nameless = sum(1 for call in executed if call.step is None)
    facts.check(f"{len(ran)} attempts ran; the middleware reported {len(ran & coverage.by_middleware)} of them "
                f"({nameless} without a step id)", ran <= coverage.by_middleware, ran - coverage.by_middleware)
    facts.check(f"headers showed {len(coverage.by_headers)}: exactly those that called the ledger",
                coverage.by_headers == called, coverage.by_headers ^ called)
    outcomes = [item["entry"] for item in reader.entries(kind="run_outcome")]
    ends = {entry["workflow"]["run_id"]: entry["outcome"] for entry in outcomes}
    truth = {one.run.id: "succeeded" if one.run.status == "Completed" else "failed" for one in played.values()}
    facts.check("the end of every run is in the ledger as the engine tells it", ends == truth, ends)

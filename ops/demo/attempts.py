"""How step attempts reach the ledger from an Inngest app: headers on the calls we make, and a middleware.

The two see different things. Headers show exactly the attempts that called the ledger. The middleware shows every
attempt whose code ran to an end, but a crash or a time-out leaves nothing behind. Each is recorded as its own
observation, and the ledger believes neither: they are claims of this app.
"""
from __future__ import annotations

import logging
import threading
from datetime import datetime, timezone
from typing import Any

import inngest

from ledger import JSON, Ledger

REPORT_SECONDS_MAX = 2.0
STEP_KINDS = {"StepRun": "run", "StepError": "run", "StepFailed": "run", "WaitForEvent": "wait", "Sleep": "sleep",
              "InvokeFunction": "invoke"}


def step_headers(ctx: inngest.ContextSync, function_id: str, step_id: str) -> dict[str, str]:
    """Which attempt makes this call. It goes into headers, never into the body or the idempotency key.

    A retry repeats the same request. With the attempt in the body the retry would be "same key, other content" and be
    refused; with the attempt in the key each retry would be a new mail.
    """
    return {"Step-Engine": "inngest", "Step-Function-Id": function_id, "Step-Run-Id": ctx.run_id, "Step-Id": step_id,
            "Step-Attempt": str(ctx.attempt), "Step-Dispatch-Id": ctx.request_id or "", "Step-Event-Id": ctx.event.id}


class AttemptReporter(inngest.MiddlewareSync):
    """Posts one observation for each dispatch that ended; the SDK makes a new instance for every request.

    An exception in a middleware turns a finished step into a failed one, and the step runs again: its side effect
    happens twice. So nothing may escape from here, and no report may take long.
    """

    def __init__(self, client: inngest.Inngest, raw_request: object, ledger: Ledger, skip: str) -> None:
        super().__init__(client, raw_request)
        self._ledger = ledger
        self._skip = skip  # a function that forwards to the ledger; reporting it would make reports about reports
        self._input: tuple[Any, Any, str] | None = None

    def transform_input(self, ctx: Any, function: Any, steps: Any) -> None:
        self._input = (ctx, function, now())

    def transform_output(self, result: Any) -> None:
        # If another middleware's transform_input raised, ours never ran and there is nothing to tell.
        if self._input is None or self._input[1].id == self._skip:
            return
        # A planned step has not run. Its plan would read like an end of attempt 0, which is still to come.
        if result.step is not None and result.step.op.value == "StepPlanned":
            return
        thread = threading.Thread(target=self._report, args=(*self._input, result), daemon=True)
        thread.start()
        thread.join(REPORT_SECONDS_MAX)

    def _report(self, ctx: Any, function: Any, started_at: str, result: Any) -> None:
        try:
            self._ledger.report_attempt(observation(ctx, function, started_at, result))
        except Exception as error:
            logging.warning("attempt not reported: %s", error)


def observation(ctx: Any, function: Any, started_at: str, result: Any) -> JSON:
    """The body of `POST /v1/step-attempts` for one finished dispatch. Errors by name and message: stacks hold data."""
    op = result.step.op.value if result.step else None
    kind = STEP_KINDS.get(op, "other") if op else "function"
    found: JSON = {
        "engine": "inngest", "function_id": function.id, "run_id": ctx.run_id,
        # NonRetriableError and RetryAfterError raised in a step arrive here without one; dispatch_id joins them.
        "step_id": result.step.id if result.step else None,
        "step_kind": kind, "attempt": ctx.attempt, "phase": "finished",
        "outcome": "failed" if result.error else "succeeded" if kind in ("run", "function") else "waiting",
        "started_at": started_at, "finished_at": now(),
        "trigger": {"event_id": ctx.event.id, "event_name": ctx.event.name},
    }
    if ctx.request_id:
        found["dispatch_id"] = ctx.request_id
    if op in ("StepError", "StepFailed"):
        found["will_retry"] = op == "StepError"
    if result.error:
        found["error"] = {"name": type(result.error).__name__[:256], "message": str(result.error)[:1024]}
    return found


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")

"""Stands in for Inngest's server, so that Inngest's Python SDK can be driven on one machine without it.

It speaks the server's side of the SDK's protocol over HTTP: sync, events, signed calls, retries, waits and the event
at a run's end. On top it can make two faults that a real server makes now and then: "lost" (the step ran, its answer
never arrived) and "redeliver" (the same attempt is delivered twice). It shows what the SDK and our API do; it shows
nothing about Inngest's server. It keeps the ground truth: one `Call` for every dispatch it made.
"""
from __future__ import annotations

import json
import re
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from signature import canonical, hashed_key, sign, signature_holds

BACKOFF_SECONDS = 0.05
WAIT_SECONDS_MAX = 30.0  # the function may wait for days; the demo does not
CALL_SECONDS_MAX = 30.0
SDK_DEFAULT_RETRIES = 4
UNIT_SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}

JSON = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One dispatch: what was asked of the SDK and what came back. `step` is None where the SDK named no step."""

    run_id: str
    function_id: str
    dispatch_id: str
    attempt: int
    status: int
    op: str
    step: str | None
    output: Any
    fault: str | None

    @property
    def executed(self) -> bool:
        """True if step code ran: a step's result, its error, or a final error, which the SDK reports without a step."""
        return self.op in ("StepRun", "StepError", "StepFailed") or self.status >= 400

    @property
    def result(self) -> Any:
        """What the step returned; None unless one step ran well."""
        return self.output[0]["data"] if self.op == "StepRun" else None


@dataclass
class Run:
    """One execution of a function. `status` is set last, then `over` is signalled."""

    id: str
    function: JSON
    event: JSON
    status: str = "Running"
    output: Any = None
    over: threading.Event = field(default_factory=threading.Event)


@dataclass
class Wait:
    """A registered `wait_for_event` of one run."""

    id: str
    name: str
    expression: str | None
    trigger: JSON
    deadline: float
    met: threading.Event = field(default_factory=threading.Event)
    event: JSON | None = None


class Executor:
    """`start`, `sync(app)`, `send(event)`, look at `runs` and `calls`, `stop`."""

    def __init__(self, signing_key: str, event_key: str) -> None:
        self.signing_key, self.event_key = signing_key, event_key
        self.functions: dict[str, JSON] = {}
        self.runs: list[Run] = []
        self.calls: list[Call] = []
        self.faults: dict[tuple[str, str], str] = {}  # (event id, step id) -> "lost" or "redeliver", made once
        self.problems: list[str] = []
        self._seen: set[tuple[str, str]] = set()
        self._waits: list[Wait] = []
        self._lock = threading.Lock()
        self._http = httpx.Client(timeout=CALL_SECONDS_MAX, trust_env=False)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._http.close()

    def sync(self, app_url: str) -> list[str]:
        """Asks the app to register its functions. The PUT answers 200 even if that failed: judge by what is here."""
        self._http.put(f"{app_url}/api/inngest")
        return sorted(self.functions)

    # Events

    def send(self, event: JSON) -> str:
        """Takes one event: first offers it to every wait, then starts runs, each function once for each event id."""
        internal_id = new_ulid()
        event = {"id": internal_id, "ts": int(time.time() * 1000), "data": {}, "user": {}, **event}
        with self._lock:
            for wait in self._waits:
                if wait.name == event["name"] and holds(wait.expression, {"event": wait.trigger, "async": event}):
                    wait.event = event
                    wait.met.set()
            for function in self.functions.values():
                wanted = any(
                    trigger.get("event") == event["name"] and holds(trigger.get("expression"), {"event": event})
                    for trigger in function["triggers"]
                )
                if wanted and (function["id"], event["id"]) not in self._seen:
                    self._seen.add((function["id"], event["id"]))
                    run = Run(new_ulid(), function, event)
                    self.runs.append(run)
                    threading.Thread(target=self._drive, args=(run,), daemon=True).start()
        return internal_id

    # Runs

    def _drive(self, run: Run) -> None:
        try:
            run.output, run.status = self._loop(run)
        except Exception as error:  # a fault of the stand-in itself must not look like a run that is still going
            self.problems.append(f"run {run.id}: {type(error).__name__}: {error}")
            run.status = "Failed"
        if not run.event["name"].startswith("inngest/function."):
            data = {"function_id": run.function["id"], "run_id": run.id, "event": run.event, "events": [run.event],
                    "_inngest": {"status": run.status}}
            data["error" if run.status == "Failed" else "result"] = run.output
            self.send({"name": "inngest/function.finished", "data": data})
        run.over.set()

    def _loop(self, run: Run) -> tuple[Any, str]:
        step = run.function["steps"]["step"]
        limit = 1 + (step.get("retries") or {}).get("attempts", SDK_DEFAULT_RETRIES)
        memo: JSON = {}
        stack: list[str] = []
        pending: list[Wait] = []
        planned = False
        queue: list[tuple[str | None, int]] = [(None, 0)]
        while True:
            if not queue:
                for wait in pending:
                    memo[wait.id] = self._await(wait)
                    stack.append(wait.id)
                pending, queue = [], [(None, 0)]
            target, attempt = queue.pop(0)
            if attempt > 0:
                time.sleep(BACKOFF_SECONDS)
            call, headers = self._call(run, target, attempt, limit, memo, stack, planned)
            may_retry = headers.get("x-inngest-no-retry") != "true" and attempt + 1 < limit
            if call.fault:  # the answer is thrown away, nothing is saved
                queue.insert(0, (target, attempt + 1 if call.fault == "lost" else attempt))
                continue
            if call.status >= 400 and may_retry:
                queue.insert(0, (target, attempt + 1))
                continue
            if call.status != 206:
                return call.output, "Completed" if call.status == 200 else "Failed"
            operations = sorted(call.output, key=lambda op: op["op"] != "WaitForEvent")  # waits before anything else
            planned = planned or len(operations) > 1
            for op in operations:
                match op["op"]:
                    case "WaitForEvent":
                        pending.append(self._register(op, run.event))
                    case "StepPlanned":
                        queue.append((op["id"], 0))
                    case "StepError" if may_retry:
                        queue.insert(0, (target, attempt + 1))
                    case "StepRun" | "StepError" | "StepFailed":
                        memo[op["id"]] = {"data": op["data"]} if op["op"] == "StepRun" else {"error": op["error"]}
                        stack.append(op["id"])
                    case other:
                        raise NotImplementedError(f"operation {other}")

    def _call(self, run: Run, target: str | None, attempt: int, limit: int, memo: JSON, stack: list[str],
              planned: bool) -> tuple[Call, httpx.Headers]:
        url = run.function["steps"]["step"]["runtime"]["url"].replace("stepId=step", f"stepId={target or 'step'}")
        body = canonical({
            "ctx": {"attempt": attempt, "disable_immediate_execution": planned, "env": "demo", "use_api": False,
                    "fn_id": run.function["id"], "max_attempts": limit, "run_id": run.id, "step_id": "step",
                    "stack": {"current": len(stack), "stack": stack}},
            "event": run.event, "events": [run.event], "steps": memo, "use_api": False, "version": 2})
        dispatch = new_ulid()
        answer = self._http.post(url, content=body, headers={
            "Content-Type": "application/json", "X-Inngest-Signature": sign(self.signing_key, body),
            "X-Inngest-Server-Kind": "cloud", "x-request-id": dispatch})
        signature = answer.headers.get("x-inngest-signature", "")
        if answer.status_code != 401 and not signature_holds(self.signing_key, answer.content, signature):
            raise PermissionError("the app's answer is not signed with our key")
        output = answer.json()
        only = output[0] if answer.status_code == 206 and len(output) == 1 else None
        fault = None
        if only and only["op"] == "StepRun":
            fault = self.faults.pop((run.event["id"], only["displayName"]), None)
        names = [op["op"] for op in output] if answer.status_code == 206 else ["-"]
        call = Call(run.id, run.function["id"], dispatch, attempt, answer.status_code, " + ".join(names),
                    only["displayName"] if only else None, output, fault)
        with self._lock:
            self.calls.append(call)
        return call, answer.headers

    # Waits

    def _register(self, op: JSON, trigger: JSON) -> Wait:
        asked = sum(int(n) * UNIT_SECONDS[unit] for n, unit in re.findall(r"(\d+)([wdhms])", op["opts"]["timeout"]))
        deadline = time.monotonic() + min(asked, WAIT_SECONDS_MAX)
        wait = Wait(op["id"], op["name"], op["opts"].get("if"), trigger, deadline)
        with self._lock:
            self._waits.append(wait)
        return wait

    def _await(self, wait: Wait) -> JSON | None:
        wait.met.wait(max(0.0, wait.deadline - time.monotonic()))
        with self._lock:
            self._waits.remove(wait)
        return wait.event


def handler_for(executor: Executor) -> type[BaseHTTPRequestHandler]:
    """The two routes that apps call: `POST /fn/register` and `POST /e/{event key}`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path.startswith("/e/"):
                self.answer(*self.take_events(body))
            elif not self.path.startswith("/fn/register"):
                self.answer(404, {"error": "not found"})
            elif self.headers["Authorization"] != f"Bearer {hashed_key(executor.signing_key)}":
                self.answer(401, {"error": "wrong signing key"})
            else:
                executor.functions = {function["id"]: function for function in body["functions"]}
                self.answer(200, {"ok": True, "modified": True})

        def take_events(self, body: Any) -> tuple[int, JSON]:
            events = body if isinstance(body, list) else [body]
            if self.path != f"/e/{executor.event_key}":
                return 401, {"error": "wrong event key", "status": 401}
            if any(event["name"].lower().startswith("inngest/") for event in events):
                return 400, {"error": "reserved name", "status": 400}
            return 200, {"ids": [executor.send(event) for event in events], "status": 200}

        def answer(self, status: int, body: JSON) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def holds(expression: str | None, scope: JSON) -> bool:
    """Equalities of dotted paths and quoted strings joined by `&&`: all the CEL that the demo's functions use."""

    def value(term: str) -> Any:
        term = term.strip()
        if term[:1] in ("'", '"'):
            return term[1:-1]
        found: Any = scope
        for name in term.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return found

    parts = [part for part in (expression or "").split("&&") if part.strip()]
    return all(len({json.dumps(value(side)) for side in part.split("==")}) == 1 for part in parts)


def new_ulid() -> str:
    """26 characters, time first: Inngest's ids for runs, events and requests have this form."""
    number = (int(time.time() * 1000) << 80) | secrets.randbits(80)
    return "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[(number >> shift) & 31] for shift in range(125, -5, -5))

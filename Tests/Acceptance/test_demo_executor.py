"""The demo's stand-in for Inngest's server must be strict enough to be worth anything: break one thing, and it shows.

`broken_promises` drives one run on Inngest's Python SDK (a step that fails once, an answer that gets lost, a delivery
made twice, an event sent twice) and says what went wrong. Each test breaks one thing on purpose.
Run with .venv/bin/python Tests/Acceptance/test_demo_executor.py, after pip install -r ops/demo/requirements.txt.
"""
from __future__ import annotations

import logging
import os
import sys
import threading
import unittest
from datetime import timedelta
from pathlib import Path
from typing import Any, Callable

import flask
import httpx
import inngest
import inngest.flask
from werkzeug.serving import make_server

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "ops" / "demo"))

from executor import Executor, holds  # noqa: E402
from signature import hashed_key, sign, signature_holds  # noqa: E402

logging.getLogger("werkzeug").setLevel(logging.ERROR)
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
KEY = "signkey-test-0123456789abcdef0123456789abcdef"
OTHER_KEY = "signkey-test-ffffffffffffffffffffffffffffffff"


class Desk:
    """The side that a step calls: counts what it did, and knows a request again by its key unless told not to."""

    def __init__(self, decide: Callable[[], None], idempotent: bool) -> None:
        self.done: list[str] = []
        self._decide, self._idempotent = decide, idempotent
        self._known: dict[str, str] = {}

    def ask(self, key: str, content: str) -> None:
        if self._idempotent and key in self._known:
            if self._known[key] != content:
                raise inngest.NonRetriableError("422 the same key, another request")
            return
        self._known[key] = content
        self.done.append(content.split("#")[0])
        if self.done[-1] == "approval":
            self._decide()


def chase(client: inngest.Inngest, desk: Desk, broken: str) -> inngest.Function[Any]:
    """The function under test. The desk decides at once, so a wait that is registered too late misses it."""
    fails_once = ["reset"]

    @client.create_function(fn_id="chase", trigger=inngest.TriggerEvent(event="invoice/overdue"), retries=2)
    def chase_invoice(ctx: inngest.ContextSync) -> str:
        def load() -> None:
            if fails_once:
                raise ConnectionError(fails_once.pop())

        def ask(what: str) -> None:
            key = f"{ctx.run_id}:{what}" + (f":{ctx.request_id}" if broken == "attempt in the key" else "")
            desk.ask(key, what + (f"#{ctx.request_id}" if broken == "attempt in the body" else ""))

        def wait() -> inngest.Event | None:
            return ctx.step.wait_for_event("await", event="decided", timeout=timedelta(seconds=2),
                                           if_exp="async.data.ref == event.data.ref")

        ctx.step.run("load", load)
        ctx.step.run("remind", lambda: ask("reminder"))
        if broken == "asks first, then waits":
            ctx.step.run("ask", lambda: ask("approval"))
            decided = wait()
        else:
            decided, _ = ctx.group.parallel((wait, lambda: ctx.step.run("ask", lambda: ask("approval"))))
        return "decided" if decided else "nobody decided"

    return chase_invoice


class Forgetful(set[Any]):
    def __contains__(self, _: object) -> bool:
        return False


def broken_promises(broken: str = "") -> list[str]:
    """Drives the run with this one thing broken; the promises that were not kept."""
    executor = Executor(KEY, "events")
    executor.start()
    if broken == "no dedupe of event ids":
        executor._seen = Forgetful()
    executor.faults.update({("e1", "remind"): "lost", ("e1", "ask"): "redeliver"})

    def send(event: dict[str, Any]) -> None:
        httpx.post(f"{executor.url}/e/events", json=event, trust_env=False).raise_for_status()

    desk = Desk(lambda: send({"name": "decided", "data": {"ref": "INV-1"}}), idempotent=broken != "no idempotency")
    client = inngest.Inngest(
        app_id="app", is_production=True, signing_key=OTHER_KEY if broken == "wrong signing key" else KEY,
        event_key="events", api_base_url=executor.url, event_api_base_url=executor.url)
    app = flask.Flask("app")
    inngest.flask.serve(app, client, [chase(client, desk, broken)])
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        if executor.sync(f"http://127.0.0.1:{server.server_port}") != ["app-chase"]:
            return ["the function is registered"]
        for _ in range(2):
            send({"id": "e1", "name": "invoice/overdue", "data": {"ref": "INV-1"}})
        for run in executor.runs:
            run.over.wait(20)
        kept = {
            "one event id starts one run": len(executor.runs) == 1,
            "the run completes": executor.runs[0].status == "Completed",
            "the decision is seen": executor.runs[0].output == "decided",
            "nothing is done twice": sorted(desk.done) == sorted(set(desk.done)),
            "the executor has no trouble": executor.problems == [],
        }
        return [promise for promise, holds_true in kept.items() if not holds_true]
    finally:
        server.shutdown()
        server.server_close()
        executor.stop()


class TheExecutor(unittest.TestCase):
    def test_finds_nothing_wrong_with_a_sound_app(self) -> None:
        self.assertEqual(broken_promises(), [])

    def test_sees_a_server_without_idempotency(self) -> None:
        self.assertIn("nothing is done twice", broken_promises("no idempotency"))

    def test_sees_an_attempt_in_the_idempotency_key(self) -> None:
        self.assertIn("nothing is done twice", broken_promises("attempt in the key"))

    def test_sees_an_attempt_in_the_body(self) -> None:
        self.assertIn("the run completes", broken_promises("attempt in the body"))

    def test_sees_a_wrong_signing_key(self) -> None:
        self.assertEqual(broken_promises("wrong signing key"), ["the function is registered"])

    def test_sees_a_wait_that_starts_after_the_question(self) -> None:
        self.assertIn("the decision is seen", broken_promises("asks first, then waits"))

    def test_sees_when_event_ids_are_not_deduplicated(self) -> None:
        self.assertIn("one event id starts one run", broken_promises("no dedupe of event ids"))


class Signatures(unittest.TestCase):
    body = b'{"a":[1,true,null],"b":"x"}'
    header = "t=1795346870&s=da80b0605b1b40e7991e7de0fa7b97b4952960914fe0fe877c7c15fd23ec0bde"

    def test_are_the_ones_that_the_sdk_makes(self) -> None:
        self.assertEqual(sign(KEY, self.body, 1795346870), self.header)
        self.assertTrue(signature_holds(KEY, self.body, self.header))
        self.assertEqual(hashed_key(KEY), "223e0a160af9da0a03e6dd2c4719c56f5d66a633cbe84e78aaa9f3735865522a")

    def test_do_not_hold_over_other_bytes_or_another_key(self) -> None:
        self.assertFalse(signature_holds(KEY, self.body + b" ", self.header))
        self.assertFalse(signature_holds(OTHER_KEY, self.body, self.header))
        self.assertFalse(signature_holds(KEY, self.body, ""))


class Expressions(unittest.TestCase):
    def test_are_equalities_joined_by_and(self) -> None:
        scope = {"event": {"data": {"ref": "A"}}, "async": {"data": {"ref": "A", "kind": "x"}}}
        self.assertTrue(holds("async.data.ref == event.data.ref && async.data.kind == 'x'", scope))
        self.assertFalse(holds("async.data.ref == event.data.ref && async.data.kind == 'y'", scope))
        self.assertTrue(holds(None, scope))


if __name__ == "__main__":
    unittest.main()

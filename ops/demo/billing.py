"""A billing app that chases overdue invoices: a Flask app with two functions on Inngest's Python SDK.

`chase-invoice` sends a reminder at once and, once a person has agreed, a final notice. `forward-lifecycle` tells the
ledger how each run ended. Every mail is really handed to an SMTP relay, and every step of its life is recorded.

What this app can promise about sending, and what it cannot:

- It never hands a mail over twice. Before the hand-over it records a *claim* under an idempotency key that is the
  same on every attempt. Only the attempt whose claim is new hands the mail over; any other is told `replayed`. (So a
  claim whose answer got lost on its way back counts as somebody else's: that mail ends as `unknown`, not twice sent.)
- It cannot promise that a claimed mail left. If the worker or the line dies between the relay's "250 OK" and our
  `sent`, nobody on this side knows. The app then does not guess: it records `unknown`, and a person asks the relay
  about this Message-ID. Sending again instead would be the other choice: never lost, sometimes twice.
- Nothing forces the app to ask first, and its `decision` entries are claims. That takes a gate which holds the mail
  itself and sends it only after a decision; this app records beside the mail, and does not stand in its way.
"""
from __future__ import annotations

import os
import smtplib
import sys
from datetime import timedelta
from email.message import EmailMessage
from typing import Any, Callable

import flask
import inngest
import inngest.flask
from werkzeug.serving import make_server

from attempts import AttemptReporter, step_headers
from ledger import JSON, Ledger, Refused

RETRIES = 2
SENDER = "billing@acme.example"
CHASE, FORWARD = "billing-chase-invoice", "billing-forward-lifecycle"
AGENT = {"type": "agent", "id": "invoice-chaser"}

# The app's own data. Addresses stay here: what a step returns is kept by the engine for as long as it likes.
CUSTOMERS = {
    "INV-1": "kim@example.test", "INV-2": "lee@example.test",
    "INV-3": "nobody@example.test", "INV-4": "cutoff@example.test",
}
fails_once = {"INV-1"}

ledger = Ledger(os.environ["COUNTERSIGN_URL"], os.environ["COUNTERSIGN_TOKEN"])
client = inngest.Inngest(
    app_id="billing", is_production=True, signing_key=os.environ["DEMO_SIGNING_KEY"],
    event_key=os.environ["DEMO_EVENT_KEY"], api_base_url=os.environ["DEMO_ENGINE_URL"],
    event_api_base_url=os.environ["DEMO_ENGINE_URL"],
    middleware=[lambda client, request: AttemptReporter(client, request, ledger, skip=FORWARD)],
)


class StillOpen(Exception):
    """Another attempt claimed this mail and has not said how it ended. It may still be at it: look again later."""


def record(ctx: inngest.ContextSync, step_id: str, outcome: str, message_id: str, mode: str, personal: JSON) -> JSON:
    """Records one state of one mail. Nothing in body or key may differ between attempts, so there is no time in it."""
    entry = {
        "kind": "send", "outcome": outcome, "message_id": message_id, "sender": SENDER, "oversight_mode": mode,
        "actor": AGENT, "personal": personal,
        "workflow": {"engine": "inngest", "function_id": CHASE, "run_id": ctx.run_id, "step_id": step_id},
    }
    key = f"inngest:{ctx.run_id}:{step_id}:{outcome}"
    return ledger.record(entry, key, step_headers(ctx, CHASE, step_id))


def send_once(ctx: inngest.ContextSync, step_id: str, claim: str, mail: EmailMessage, mode: str) -> JSON:
    """Claims the mail in the ledger, hands it over, records the end. The top of this file says what that promises."""
    message_id = mail["Message-ID"]
    personal = {"recipient": mail["To"], "subject": mail["Subject"]}

    def say(outcome: str, **more: str) -> JSON:
        return record(ctx, step_id, outcome, message_id, mode, {**personal, **more})

    # Connect before claiming: a relay that is down costs an attempt and leaves no open claim.
    with smtplib.SMTP(os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"]), timeout=5) as relay:
        claimed = say(claim)
        if claimed["replayed"]:
            state = ledger.message(message_id)["state"]
            if state == "sent":
                return {"message_id": message_id, "claim": claimed, "handed_over": False}
            if state != claim:
                raise inngest.NonRetriableError(f"this mail is {state} already")
            if ctx.attempt < RETRIES:
                raise StillOpen("claimed by an earlier attempt, end not recorded")
            say("unknown")
            raise inngest.NonRetriableError("nobody knows whether this mail left: ask the relay for its Message-ID")
        try:
            relay.send_message(mail)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as refusal:
            say("failed", error=str(refusal))  # the relay said no: this mail did not leave
            raise inngest.NonRetriableError("the relay refused the mail")
        sent = say("sent")
    return {"message_id": message_id, "claim": claimed, "sent": sent, "handed_over": True}


def mail_for(ctx: inngest.ContextSync, kind: str, subject: str) -> EmailMessage:
    """The same mail on every attempt: its Message-ID is made from the run, not from chance or the clock."""
    invoice_id = ctx.event.data["invoice_id"]
    mail = EmailMessage()
    mail["Message-ID"] = f"<{invoice_id}.{kind}.{ctx.run_id}@acme.example>"
    mail["From"], mail["To"] = SENDER, CUSTOMERS[str(invoice_id)]
    mail["Subject"] = f"{subject} {invoice_id}"
    mail.set_content(f"Invoice {invoice_id} is overdue. Please pay it, or tell us what is wrong with it.\n")
    return mail


@client.create_function(fn_id="chase-invoice", trigger=inngest.TriggerEvent(event="invoice/overdue"), retries=RETRIES)
def chase_invoice(ctx: inngest.ContextSync) -> JSON:
    def step(step_id: str, work: Callable[[], Any]) -> Any:
        def attempt() -> Any:
            try:
                return work()
            except Refused as refusal:  # asking again with the same request cannot help
                raise inngest.NonRetriableError(str(refusal))

        return ctx.step.run(step_id, attempt)

    step("load-invoice", lambda: load_invoice(str(ctx.event.data["invoice_id"])))
    step("send-reminder", lambda: send_once(
        ctx, "send-reminder", "requested", mail_for(ctx, "reminder", "Reminder:"), "monitored"))

    notice = mail_for(ctx, "final", "Final notice:")
    personal = {"recipient": notice["To"], "subject": notice["Subject"]}
    # One parallel group, so that the wait exists before anybody can decide: a wait sees only what comes after it.
    decided, _ = ctx.group.parallel((
        lambda: ctx.step.wait_for_event(
            "await-decision", event="ledger/approval.decided", if_exp="async.data.ref == event.data.invoice_id",
            timeout=timedelta(days=30)),
        lambda: step("ask-approval", lambda: record(
            ctx, "ask-approval", "held", notice["Message-ID"], "gated_send", personal)),
    ))
    verdict = step("read-decision", lambda: read_decision(decided, notice["Message-ID"]))
    if verdict != "approved":
        outcome = "cancelled" if verdict == "rejected" else "expired"
        step("drop-notice", lambda: record(ctx, "drop-notice", outcome, notice["Message-ID"], "gated_send", personal))
        return {"final_notice": outcome}
    step("send-notice", lambda: send_once(ctx, "send-notice", "scheduled", notice, "gated_send"))
    return {"final_notice": "sent"}


def load_invoice(invoice_id: str) -> JSON:
    if invoice_id in fails_once:
        fails_once.discard(invoice_id)
        raise ConnectionError("customer database: connection reset")
    return {"invoice_id": invoice_id, "amount": 120}


def read_decision(event: inngest.Event | None, message_id: str) -> str | None:
    """What was decided, by the ledger and not by the event: whoever holds the event key can forge an event.

    In this app a decision counts if the approver's own token recorded it. That is the app's rule; to the ledger, a
    decision that comes in this way is a claim.
    """
    if event is None:
        return None
    entry = ledger.entry(int(str(event.data["seq"])))["entry"]
    genuine = (entry["kind"] == "decision" and entry.get("message_id") == message_id
               and entry["reporter"]["id"] == os.environ["APPROVER_TOKEN_ID"])
    if not genuine:
        raise inngest.NonRetriableError("the event names no decision about this mail by the approver")
    return str(entry["outcome"])


@client.create_function(fn_id="forward-lifecycle", trigger=inngest.TriggerEvent(event="inngest/function.finished"))
def forward_lifecycle(ctx: inngest.ContextSync) -> None:
    ctx.step.run("forward", lambda: forward(ctx.event.data))


def forward(finished: Any) -> JSON:
    """The end of a run, as the engine tells it. The triggering event stays behind: it may hold personal data."""
    outcome = {"Completed": "succeeded", "Failed": "failed", "Cancelled": "cancelled"}[finished["_inngest"]["status"]]
    entry = {"kind": "run_outcome", "outcome": outcome, "workflow": {
        "engine": "inngest", "function_id": finished["function_id"], "run_id": finished["run_id"]}}
    return ledger.record(entry, f"inngest:{finished['run_id']}:finished")


def main() -> int:
    app = flask.Flask("billing")
    inngest.flask.serve(app, client, [chase_invoice, forward_lifecycle])
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())

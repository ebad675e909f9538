"""What the demo prints: short lines, no colour, the same on a terminal and in a file."""
from __future__ import annotations

import json
from executor import Call
from facts import Coverage
from ledger import JSON
from scenario import Played

LINE = 118


def heading(text: str) -> None:
    print(f"\n== {text}")


def say(text: str = "") -> None:
    print(f"   {text}" if text else "")


def show_run(played: Played, coverage: Coverage) -> None:
    """The ground truth of one run, a line for each dispatch, with what the ledger learnt of it."""
    say(f"run {played.run.id}  {played.run.status}")
    say(f"{'step':<15}{'attempt':<9}{'engine got':<13}{'middleware':<12}{'headers':<9}what happened")
    for call in played.calls:
        several = call.status == 206 and len(call.output) > 1
        got = "several" if several else call.op if call.status == 206 else "result" if call.status == 200 else "error"
        middleware = "reported" if call.dispatch_id in coverage.by_middleware else "-"
        headers = "called" if call.dispatch_id in coverage.by_headers else "-"
        say(f"{call.step or '-':<15}{call.attempt:<9}{got:<13}{middleware:<12}{headers:<9}{told(call)}"[:LINE].rstrip())


def told(call: Call) -> str:
    """One dispatch in a few words."""
    fault = {"lost": "ANSWER LOST, ", "redeliver": "TO COME TWICE, ", None: ""}[call.fault]
    if call.status == 206 and call.op in ("StepError", "StepFailed"):
        return str(call.output[0]["error"]["message"])
    if call.status >= 400:
        return str(call.output["message"])
    result = call.result
    if isinstance(result, dict) and "claim" in result:
        handed = f"mailed, sent: seq {result['sent']['seq']}" if result["handed_over"] else "no second mail"
        return f"{fault}claim: {receipt(result['claim'])}, {handed}"
    if isinstance(result, dict) and "seq" in result:
        return f"{fault}{receipt(result)}"
    if result is None and call.status == 206:
        return "found, not run yet" if call.op == "StepPlanned" else call.op
    return json.dumps(call.output if result is None else result)


def receipt(recorded: JSON) -> str:
    return f"seq {recorded['seq']} {'replayed' if recorded['replayed'] else 'new'}"


def show_entries(items: list[JSON], tokens: dict[str, str]) -> None:
    """Entries as a compliance officer reads them: when, what, by whom, recorded under which token."""
    for item in items:
        entry = item["entry"]
        workflow = entry.get("workflow", {})
        actor = entry["actor"]["id"] if "actor" in entry else "-"
        reporter = entry["reporter"]
        told = f"{workflow.get('step_id', '')} {workflow.get('attempt', '')}".strip()
        if entry["kind"] == "decision" and reporter["via"] == "ingest":
            told = "a claim: no gate decided it"
        what = f"seq {entry['seq']:<4}{entry['kind']:<13}{entry['outcome']:<10}{entry.get('oversight_mode', '-'):<11}"
        who = f"{actor:<15}{tokens.get(reporter['id'], reporter['id']):<12}"
        say(f"{entry['recorded_at'][11:23]}  {what}{who}{told}"[:LINE].rstrip())
        if entry["kind"] != "step_attempt" and "personal" in item:
            say(f"{'':14}{in_plain(item['personal'])}"[:LINE])


def in_plain(personal: JSON) -> str:
    """The disclosed values of one entry, recipients first."""
    told = [f"{one['role']} {one['address']}" for one in personal.get("recipient", [])]
    others = {name: value for name, value in personal.items() if name != "recipient"}
    told += [f"{name} {json.dumps(value, ensure_ascii=False)}" for name, value in others.items()]
    return "  ".join(told)


def show_message(message: JSON, tokens: dict[str, str]) -> None:
    """`GET /v1/messages/{id}` as a timeline, and below it the attempts that touched the message."""
    say(f"{message['message_id']}")
    say(f"sender {message.get('sender')}   mode {message.get('oversight_mode')}   state {message.get('state')}")
    show_entries(message["timeline"], tokens)
    for attempt in message.get("attempts", []):
        say(f"attempt {attempt.get('attempt')} of {attempt.get('step_id', '(no step named)')}: {attempt['state']}")

"""`ops/run --demo`: a real Inngest function on Inngest's Python SDK sends mail, and the ledger records it.

Starts the service, a mail sink, a stand-in for Inngest's server and the billing app, drives four invoices, shows what
the ledger knows and checks it against what really happened. Exit: 0 all facts hold, 1 one does not, 3 could not run.
"""
from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from types import FrameType

import httpx

import identity
from child import Child, clean_environment
from executor import Executor
from facts import Coverage, Facts, check_coverage, check_engine, check_mail
from ledger import Ledger
from scenario import SCENARIOS, Played, Stage
from screen import LINE, heading, say, show_entries, show_message, show_run
from sink import Sink

HERE = Path(__file__).resolve().parent
LEDGER = "acme.example/mail"
SERVICE_SECONDS_MAX = 120.0  # the first start makes a Postgres cluster
APP_SECONDS_MAX = 30.0
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Demo:
    """Everything that runs during the demo. `with` ends it all, last started first, also after a failure."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.binary = str(options.binary)
        self.data_dir = str(options.data_dir or folder / "data")
        self.listen = options.listen
        self.folder = folder
        self.facts = Facts()
        self._ends = ExitStack()

    def __enter__(self) -> Demo:
        try:
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        for number in ENDING_SIGNALS:  # what was started is being ended; that must not stop half way
            signal.signal(number, signal.SIG_IGN)
        self._ends.close()

    def _start(self) -> None:
        heading("Start")
        self.zone = identity.new_zone()
        self.zone.start()
        self._ends.callback(self.zone.stop)
        arguments = [self.binary, "serve", "--data-dir", self.data_dir, "--listen", self.listen, "--ledger", LEDGER,
                     "--resolver", self.zone.address, "--dns-cache-time", "1ms",
                     "--dmarc-interval", identity.DMARC_INTERVAL]
        service = self._child(arguments, "service.log", clean_environment())
        self.url = service.value_after("listening on ", SERVICE_SECONDS_MAX)
        self.admin_token = service.value_after("token: ", 5)
        self.admin = admin = Ledger(self.url, self.admin_token)
        say(f"service    {self.url}, ledger {LEDGER}, data in {self.data_dir}")

        # One token for each job. The approver's is another than the app's: the entry's reporter shows who decided.
        app, approver, reader = (admin.create_token("billing app", "ingest", "read"),
                                 admin.create_token("approver", "ingest"),
                                 admin.create_token("auditor", "read", "export"))
        self.tokens = {app["id"]: "billing app", approver["id"]: "approver", reader["id"]: "auditor"}
        self.approver_id = approver["id"]
        self.reader = Ledger(self.url, reader["token"])
        say("tokens     billing app (ingest, read), approver (ingest), auditor (read, export)")

        self.sink = Sink(self.folder / "mail")
        self.sink.start()
        self._ends.callback(self.sink.stop)
        say(f"mail sink  127.0.0.1:{self.sink.port}, keeps mail in {self.folder / 'mail'} until the end, delivers none")

        self.executor = Executor(f"signkey-demo-{secrets.token_hex(16)}", "demo-events")
        self.executor.start()
        self._ends.callback(self.executor.stop)
        self.stage = Stage(self.executor, Ledger(self.url, approver["token"]), self.reader)
        say(f"executor   {self.executor.url}, stands in for Inngest's server")

        environment = clean_environment(
            COUNTERSIGN_URL=self.url, COUNTERSIGN_TOKEN=app["token"], APPROVER_TOKEN_ID=self.approver_id,
            SMTP_HOST="127.0.0.1", SMTP_PORT=str(self.sink.port), DEMO_ENGINE_URL=self.executor.url,
            DEMO_SIGNING_KEY=self.executor.signing_key, DEMO_EVENT_KEY=self.executor.event_key)
        billing = self._child([sys.executable, str(HERE / "billing.py")], "billing.log", environment)
        self.app_url = billing.value_after("listening on ", APP_SECONDS_MAX)
        functions = self.executor.sync(self.app_url)
        say(f"app        {self.app_url}, Flask and Inngest's Python SDK {version('inngest')}, unmodified")
        say(f"           functions registered: {', '.join(functions) or 'none'}")
        self.facts.check("the sync registered both functions", len(functions) == 2, functions)
        unsigned = httpx.post(f"{self.app_url}/api/inngest?fnId=billing-chase-invoice&stepId=step", json={},
                              trust_env=False)
        self.facts.check("the app refuses a call that the engine did not sign", unsigned.status_code == 401)

    def _child(self, arguments: list[str], log: str, environment: dict[str, str]) -> Child:
        child = Child(arguments, self.folder / log, environment)
        self._ends.callback(child.stop)
        return child

    def name(self) -> None:
        """The sender's name is checked before the first mail leaves."""
        identity.add(self.admin, self.facts)

    def protect(self) -> None:
        """The name gets protected, once the mails are out."""
        identity.change(self.admin, self.zone, self.facts)
        identity.check_joins(self.reader, self.facts)
        identity.reconcile(self.admin, self.reader, len(self.sink.message_ids()), self.facts)

    def play(self) -> None:
        """Drives the four invoices, one after the other, and shows each as it happened."""
        self.played: dict[str, Played] = {}
        for scenario in SCENARIOS:
            heading(f"{scenario.invoice_id}: {scenario.title}")
            played = self.stage.play(scenario)
            self.played[scenario.invoice_id] = played
            show_run(played, Coverage.read(self.reader))
            if scenario.decision:
                say(f"the person {scenario.decision} the final notice: {scenario.reason!r}")
            if scenario.invoice_id == "INV-1":
                self.stage.send_event(scenario.event)  # once more under the same id: must start nothing
                self.early_tree = self.reader.tree()

    def ask(self) -> None:
        """Three questions that people ask the ledger."""
        notice = next(item["entry"]["message_id"] for item in self.reader.entries(kind="decision", outcome="approved"))
        heading("GET /v1/messages/{id}: the life of INV-1's final notice")
        show_message(self.reader.message(notice), self.tokens)
        heading("GET /v1/entries?recipient=lee@example.test&kind=send: everything sent to Lee, or not sent")
        show_entries(self.reader.entries(recipient="lee@example.test", kind="send"), self.tokens)
        heading("GET /v1/entries?kind=send&outcome=unknown: where a person has to look")
        show_entries(self.reader.entries(kind="send", outcome="unknown"), self.tokens)

    def prove(self) -> None:
        """Exports the ledger, then has it verified against a tree head that was noted while it was shorter."""
        export = self.folder / "export.jsonl"
        heading(f"countersign export > {export}")
        with open(export, "wb") as file:
            done = subprocess.run([self.binary, "export", "--data-dir", self.data_dir], stdout=file, check=False,
                                  stdin=subprocess.DEVNULL)
        content = export.read_text()
        for line in content.splitlines()[:3]:
            say(line if len(line) <= LINE else line[:LINE - 3] + "...")
        say(f"{len(content.splitlines())} lines, {len(content.encode())} bytes")
        self.facts.check("the export ended well", done.returncode == 0 and content != "", done.returncode)
        self.facts.check("no recipient's address stands in it", "@example.test" not in content)

        expect = f"{self.early_tree['size']}:{self.early_tree['root']}"
        heading(f"countersign verify --expect {expect[:24]}... (the tree as it was after INV-1)")
        sys.stdout.flush()
        # The place for the offline check of the export: the script that Format.md prints, once it is there.
        verified = subprocess.run([self.binary, "verify", "--data-dir", self.data_dir, "--expect", expect], check=False,
                                  stdin=subprocess.DEVNULL)
        self.facts.check("verify found the ledger intact, and grown from what was noted", verified.returncode == 0,
                         f"exit {verified.returncode}")

    def judge(self) -> None:
        heading("What must be true")
        check_engine(self.facts, self.played, self.executor)
        check_mail(self.facts, self.reader, self.sink.message_ids(), self.approver_id)
        check_coverage(self.facts, self.played, self.reader)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="drive the demo; ops/run --demo builds the service and calls this")
    parser.add_argument("--binary", type=Path, required=True, help="the built `countersign`")
    parser.add_argument("--data-dir", type=Path, help="a folder that does not exist yet; kept (default: temporary)")
    parser.add_argument("--listen", default="127.0.0.1:0", help="address of the service (default: a free port)")
    parser.add_argument("--yes", action="store_true", help="do not wait at the end, also on a terminal")
    options = parser.parse_args()
    if options.data_dir is not None and options.data_dir.exists() and any(options.data_dir.iterdir()):
        parser.error(f"{options.data_dir} is not empty; the demo wants a ledger of its own")
    return options


def introduce() -> None:
    print("Countersign, the demo\n")
    say("An Inngest function chases four overdue invoices by mail. It runs on Inngest's Python SDK, unmodified.")
    say("Inngest's server is not here: a small executor stands in for it, and makes faults on purpose. The mails go to")
    say("a sink on this machine and no further. Attempts, sends and decisions are recorded over HTTP in a ledger,")
    say("which is then asked, exported and verified. Meanwhile the name that the mail is sent under is checked: a name")
    say("server on this machine answers for acme.example.")


def stop_on(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


def run(options: argparse.Namespace, folder: Path) -> int:
    with Demo(options, folder) as demo:
        demo.name()
        demo.play()
        demo.ask()
        demo.protect()
        demo.prove()
        demo.judge()
        failed = demo.facts.failed
        print(f"\n{demo.facts.checked} facts, {f'{failed} of them do not hold' if failed else 'all hold'}")
        if sys.stdin.isatty() and sys.stdout.isatty() and not options.yes:
            print(f"\nthe service still runs: open {demo.url}/ and give it this token:\n\n    {demo.admin_token}\n")
            print("Enter ends the demo")
            sys.stdin.readline()
    return 1 if failed else 0


def main() -> int:
    options = read_options()
    for number in ENDING_SIGNALS:
        signal.signal(number, stop_on)
    folder = Path(tempfile.mkdtemp(prefix="countersign-", dir="/tmp"))  # short: a Unix socket's path has 107 bytes
    os.chmod(folder, 0o711)  # if we are root, Postgres runs as user `postgres` and must get through to the data folder
    introduce()
    code = 3
    try:
        code = run(options, folder)
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    except (RuntimeError, OSError, TimeoutError, httpx.HTTPError) as error:
        print(f"\ndemo: {type(error).__name__}: {error}", file=sys.stderr)
    finally:
        if code not in (1, 3):
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"demo: logs, mails and export are kept in {folder}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())

"""A mail server that keeps every message it takes and delivers none. It listens on this machine only."""
from __future__ import annotations

import mailbox
import socket
import threading
from email import message_from_bytes
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

UNKNOWN_MAILBOX = "nobody@"  # recipients that begin so are refused, as a relay refuses an address it knows is wrong
BROKEN_LINE = "cutoff@"  # for these the line drops after the mail's last byte, before the answer


class Sink:
    """Listens on `port`; `message_ids()` of everything it took, read back from the files."""

    def __init__(self, folder: Path) -> None:
        self._box = mailbox.Maildir(folder, create=True)
        self._lock = threading.Lock()
        self.port = free_port()  # aiosmtpd cannot choose one by itself
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if address.startswith(UNKNOWN_MAILBOX):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if any(address.startswith(BROKEN_LINE) for address in envelope.rcpt_tos):
            server.transport.abort()
            return "421 line dropped"
        mail = mailbox.MaildirMessage(message_from_bytes(envelope.content))
        mail["X-Envelope-To"] = ", ".join(envelope.rcpt_tos)
        with self._lock:
            self._box.add(mail)
        return "250 taken"

    def message_ids(self) -> list[str]:
        """One for each mail taken, so a mail that was handed over twice shows up twice."""
        with self._lock:
            return sorted(mail["Message-ID"] for mail in self._box)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])

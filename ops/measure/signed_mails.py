"""Signed mails for the rows of mail, and dkimpy verifying them: `python -m measure.signed_mails FOLDER SECONDS`."""
from __future__ import annotations

import base64
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dkim

from .processes import MeasurementFailed, run

COUNT = 256
DOMAINS = 16
KEY_BITS = 2_048
SELECTOR = "s1"
# As long as the mails of agents are: some paragraphs and a quoted thread.
LINES_MIN, LINES_MAX = 20, 120
WORDS = ("invoice", "payment", "your", "order", "the", "of", "please", "find", "attached", "regards", "due", "on", "we",
         "have", "received", "account", "number", "amount", "not", "yet", "team", "billing", "thank", "you")
RECORDS = "records.json"


def write(folder: Path, zone: str) -> dict[str, str]:
    """Writes 0.eml and so on into `folder`, each signed with the RSA key of its domain below `zone`, and returns the
    record of each domain's key by its name."""
    folder.mkdir()
    rng = random.Random(1)
    records, keys = {}, []
    for number in range(DOMAINS):
        key = folder / f"{number}.pem"
        run(["openssl", "genrsa", "-traditional", "-out", str(key), str(KEY_BITS)])
        public = run(["openssl", "rsa", "-in", str(key), "-pubout"]).output.splitlines()[1:-1]
        records[f"{SELECTOR}._domainkey.m{number}.{zone}"] = f"v=DKIM1; k=rsa; p={''.join(public)}"
        keys.append(key.read_bytes())
    for number in range(COUNT):
        domain = f"m{number % DOMAINS}.{zone}"
        mail = _mail(rng, number, domain)
        signature = dkim.sign(mail, SELECTOR.encode(), domain.encode(), keys[number % DOMAINS],
                              canonicalize=(b"relaxed", b"relaxed"))
        (folder / f"{number}.eml").write_bytes(signature + mail)
    (folder / RECORDS).write_text(json.dumps(records))
    return records


def _mail(rng: random.Random, number: int, domain: str) -> bytes:
    body = "".join(" ".join(rng.choices(WORDS, k=rng.randint(4, 12))) + "\r\n"
                   for _ in range(rng.randint(LINES_MIN, LINES_MAX)))
    boundary = base64.b32encode(rng.randbytes(10)).decode()
    fields = (f"From: Billing <billing@{domain}>", f"To: Customer {number} <c{number}@example.net>",
              f"Subject: Invoice {number}", "Date: Fri, 27 Nov 2026 10:00:00 +0000", f"Message-ID: <{number}@{domain}>",
              "MIME-Version: 1.0", f'Content-Type: multipart/alternative; boundary="{boundary}"',
              f"List-Unsubscribe: <https://{domain}/u/{boundary}>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    part = f"--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}--{boundary}--\r\n"
    return ("\r\n".join(fields) + "\r\n\r\n" + part).encode()


def verified(folder: Path, seconds: float) -> tuple[int, float]:
    """How many mails dkimpy verified in how many seconds, with the keys from a dictionary."""
    mails = [(folder / f"{number}.eml").read_bytes() for number in range(COUNT)]
    records = {name.encode() + b".": record.encode()
               for name, record in json.loads((folder / RECORDS).read_text()).items()}
    keys: Callable[..., bytes | None] = lambda name, timeout=5: records.get(name)  # noqa: E731
    count, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds:
        if not dkim.verify(mails[count % COUNT], dnsfunc=keys):
            raise MeasurementFailed(f"dkimpy does not pass mail {count % COUNT}")
        count += 1
    return count, passed


if __name__ == "__main__":
    print(*verified(Path(sys.argv[1]), float(sys.argv[2])))

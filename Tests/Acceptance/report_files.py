"""DMARC aggregate reports for the suites: those of the vectors, and made ones, in every container."""

from __future__ import annotations

import email
import gzip
import io
import json
import zipfile
from base64 import encodebytes
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from paths import vectors

TYPES = {"xml": "application/xml", "gzip": "application/gzip", "zip": "application/zip", "mail": "message/rfc822"}


@dataclass
class Row:
    """What a report says of one source."""

    source: str = "192.0.2.1"
    count: int = 1
    disposition: str = "none"
    dkim: str = "fail"
    spf: str = "fail"
    header_from: str = "acme.example"
    signature: tuple[str, str] | None = None

    def xml(self) -> str:
        signature = "" if self.signature is None else (
            f"<dkim><domain>{self.signature[1]}</domain><selector>{self.signature[0]}</selector>"
            "<result>pass</result></dkim>")
        return (f"<record><row><source_ip>{self.source}</source_ip><count>{self.count}</count><policy_evaluated>"
                f"<disposition>{self.disposition}</disposition><dkim>{self.dkim}</dkim><spf>{self.spf}</spf>"
                f"</policy_evaluated></row><identifiers><header_from>{self.header_from}</header_from></identifiers>"
                f"<auth_results>{signature}</auth_results></record>")


@dataclass
class Report:
    """A report that is right."""

    report_id: str
    org_name: str = "Receiver Example"
    email: str = "r@receiver.example"
    policy_domain: str = "acme.example"
    begin: int = 1_700_006_400
    rows: list[Row] = field(default_factory=lambda: [Row()])

    def xml(self) -> bytes:
        return (f"<feedback><report_metadata><org_name>{escape(self.org_name)}</org_name>"
                f"<email>{escape(self.email)}</email><report_id>{self.report_id}</report_id><date_range>"
                f"<begin>{self.begin}</begin><end>{self.begin + 86_399}</end></date_range></report_metadata>"
                f"<policy_published><domain>{self.policy_domain}</domain><p>none</p></policy_published>"
                f"{''.join(row.xml() for row in self.rows)}</feedback>").encode()


def zipped(xml: bytes, name: str = "report.xml") -> bytes:
    """An archive with one file."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, xml)
    return target.getvalue()


def mailed(content: bytes, *, author: str = "noreply@receiver.example", media_type: str = "application/gzip",
           name: str = "receiver.example!acme.example!1700006400!1700092799.xml.gz", copies: int = 1) -> bytes:
    """A mail with `copies` attachments of `content`."""
    part = (f"--b\r\nContent-Type: {media_type}; name=\"{name}\"\r\nContent-Disposition: attachment; "
            f"filename=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n").encode()
    encoded = encodebytes(content).replace(b"\n", b"\r\n")
    head = (f"From: {author}\r\nSubject: Report Domain: acme.example Submitter: receiver.example Report-ID: <1>\r\n"
            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n").encode()
    return head + (part + encoded) * copies + b"--b--\r\n"


def in_every_container(xml: bytes) -> dict[str, bytes]:
    """The same report by container."""
    return {"xml": xml, "gzip": gzip.compress(xml), "zip": zipped(xml), "mail": mailed(gzip.compress(xml))}


def sample_names() -> list[dict[str, Any]]:
    """What the vectors expect of each sample."""
    return json.loads(vectors("rua/expected.json").read_text())["reports"]


def sample(name: str) -> Path:
    return vectors(f"rua/{name}")


def sample_xml(expected: dict[str, Any]) -> bytes:
    """The XML inside a sample, opened by Python's own libraries."""
    content = sample(expected["file"]).read_bytes()
    if expected["container"].startswith("eml"):
        parts = [part for part in email.message_from_bytes(content).walk() if part.get_content_type() == "application/zip"]
        content = parts[0].get_payload(decode=True)
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.read(archive.namelist()[0])
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content

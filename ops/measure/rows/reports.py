"""DMARC reports read, and imported, by the commands, beside parsedmarc that parses the same files.

All take the same gzip files, made anew for each leg so that the ledger knows none. `dmarc-report read` opens and reads
them and says what it found; `dmarc-report import` judges them besides, and writes every row into Postgres and an
entry for each report, durably; parsedmarc (PyPI, offline, without look-ups of names) reads them into its dictionaries
and writes nothing. Each tells its own time, from the first file to the last, for Python's imports alone take seconds.
"""
from __future__ import annotations

import gzip
import json
import re
import shutil
from collections.abc import Sized
from pathlib import Path

from ..bench import Bench
from ..legs import LEGS, Leg, Series, said
from ..processes import MeasurementFailed, run
from ..progress import note
from ..service import ORIGIN

FILES, ROWS = 400, 500
PYTHON = Path(__file__).parents[3] / ".venv-reports" / "bin" / "python"
PARSING = Path(__file__).parents[1] / "parsing.py"
ROW = ("<record><row><source_ip>{source}</source_ip><count>{count}</count><policy_evaluated><disposition>none"
       "</disposition><dkim>{dkim}</dkim><spf>pass</spf></policy_evaluated></row><identifiers><envelope_from>"
       "bounce.acme.example</envelope_from><header_from>acme.example</header_from></identifiers><auth_results><dkim>"
       "<domain>acme.example</domain><selector>s{selector}</selector><result>{dkim}</result></dkim><spf><domain>"
       "bounce.acme.example</domain><scope>mfrom</scope><result>pass</result></spf></auth_results></record>")
DOCUMENT = ("<?xml version=\"1.0\" encoding=\"UTF-8\"?><feedback><version>1.0</version><report_metadata><org_name>"
            "Receiver {number}</org_name><email>dmarc@receiver.example</email><report_id>{name}</report_id><date_range>"
            "<begin>1700006400</begin><end>1700092799</end></date_range></report_metadata><policy_published><domain>"
            "acme.example</domain><adkim>r</adkim><aspf>r</aspf><p>reject</p><sp>reject</sp><pct>100</pct>"
            "</policy_published>{rows}</feedback>")


def measure(bench: Bench) -> list[Series]:
    """Fresh files for each leg, the same for all."""
    folder, binary = bench.folder / "reports", str(bench.service.binary)

    def read(leg: Leg) -> None:
        *files, total = run([binary, "dmarc-report", "read", str(folder)]).output.splitlines()
        found = re.fullmatch(r"(\d+) accepted, 0 .* unreadable: ([\d,]+) rows of .* messages, in ([\d.]+) s", total)
        if not found or int(found[1]) != len(files):
            raise MeasurementFailed(f"dmarc-report read said: {total}")
        leg.seconds = float(found[3])
        _count(leg, files, int(found[2].replace(",", "")))

    def imported(leg: Leg) -> None:
        command = [binary, "dmarc-report", "import", str(folder), "--data-dir", str(bench.service.data),
                   "--ledger", ORIGIN, "--json"]
        answer = json.loads(run(bench.meter.profile.command("reports", command)).output)
        leg.seconds = answer["seconds"]
        _count(leg, answer["files"], answer["records"])

    beside = (Series("reports-read"), Series("reports"))
    for number in range(1, LEGS + 1):
        _write(folder, number)
        title = f"reports {number}/{LEGS}"
        with bench.meter.leg(f"{title}, read") as reading:
            read(reading)
        with bench.meter.leg(f"{title}, imported") as importing:
            imported(importing)
        with bench.meter.leg(f"{title}, parsedmarc") as theirs:
            answer = json.loads(run([str(PYTHON), str(PARSING), str(folder)]).output)
            theirs.seconds = answer["seconds"]
            _count(theirs, range(FILES), answer["rows"])
        for series, leg in zip(beside, (reading, importing), strict=True):
            series.ours.append(leg)
            series.baseline.append(theirs)
        note(f"{title}: read {said(reading)}; imported {said(importing)}; parsedmarc {said(theirs)}")
    return list(beside)


def _count(leg: Leg, files: Sized, rows: int) -> None:
    leg.count, leg.unit = rows, "rows"
    if (len(files), rows) != (FILES, FILES * ROWS):
        raise MeasurementFailed(f"{len(files)} reports and {rows} rows were taken")


def _write(folder: Path, leg_number: int) -> None:
    """Puts this leg's files into the folder, in place of the last one's."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number in range(FILES):
        rows = "".join(
            ROW.format(source=f"192.0.{place % 200}.{place // 200 + 1}", count=place + 1, selector=place % 3,
                       dkim="pass" if place % 4 else "fail") for place in range(ROWS))
        name = f"{leg_number}-{number}@receiver.example"
        (folder / f"{number:03}.xml.gz").write_bytes(
            gzip.compress(DOCUMENT.format(number=number, name=name, rows=rows).encode()))

"""DMARC reports imported by the command, beside parsedmarc that only parses the same files.

Both take the same gzip files, made anew for each leg so that none is known already. Ours opens, reads and judges them,
writes every row into Postgres and an entry for each report, durably; parsedmarc (PyPI, offline, without look-ups of
names) reads them into its dictionaries and writes nothing. Each tells its own time, from the first file to the last,
without the start of its process: Python's imports alone take seconds.
"""
from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

from ..bench import Bench
from ..legs import Leg, Series
from ..processes import MeasurementFailed, run
from ..service import ORIGIN

FILES, ROWS = 20, 500
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


def measure(bench: Bench) -> Series:
    """Fresh files for each leg, the same for both."""
    folder = bench.folder / "reports"

    def ours(leg: Leg) -> None:
        _write(folder, leg_number=len(series.ours))
        command = [str(bench.service.binary), "dmarc-report", "import", str(folder), "--data-dir",
                   str(bench.service.data), "--ledger", ORIGIN, "--json"]
        answer = json.loads(run(bench.meter.profile.command("reports", command)).output)
        leg.count, leg.unit, leg.seconds = answer["records"], "rows", answer["seconds"]
        if (answer["accepted"], leg.count) != (FILES, FILES * ROWS):
            raise MeasurementFailed(f"the import took {answer['accepted']} reports and {leg.count} rows")

    def baseline(leg: Leg) -> None:
        answer = json.loads(run([str(PYTHON), str(PARSING), str(folder)]).output)
        leg.count, leg.unit, leg.seconds = answer["rows"], "rows", answer["seconds"]
        if leg.count != FILES * ROWS:
            raise MeasurementFailed(f"parsedmarc read {leg.count} rows")

    series = Series("reports")
    return bench.meter.in_turns(series, ours, baseline, is_service=False)


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

"""Where things lie."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("COUNTERSIGN_BINARY", ROOT / ".build" / "debug" / "countersign")).resolve()
ORIGIN = "acme.example/mail"

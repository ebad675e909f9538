"""Where things lie."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("COUNTERSIGN_BINARY", ROOT / ".build" / "debug" / "countersign")).resolve()
ORIGIN = "acme.example/mail"
VECTORS = ROOT.parent / "shared" / "vectors"


def vectors(name: str) -> Path:
    """A file of test vectors. Where it is missing a run with CI=true fails, and any other skips."""
    path = VECTORS / name
    if not path.exists():
        assert os.environ.get("CI") != "true", f"{path} is missing"
        pytest.skip(f"{path} is missing")
    return path

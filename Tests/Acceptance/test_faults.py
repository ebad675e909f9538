"""The faults that `ops/test --prove` plants still find their place in the code."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def prove() -> ModuleType:
    """ops/prove.py, which is a script and no package."""
    spec = importlib.util.spec_from_file_location("prove", ROOT / "ops/prove.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["prove"] = module
    spec.loader.exec_module(module)
    module.COPY = ROOT
    return module


@pytest.mark.parametrize("path", sorted((ROOT / "ops/faults").glob("*.fault")), ids=lambda path: path.stem)
def test_a_fault_finds_its_text_once(path: Path) -> None:
    assert prove().Fault.read(path).broken_texts()

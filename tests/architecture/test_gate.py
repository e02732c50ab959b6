"""The gate itself: each step that fails fails it, what the step said can be read, and no kept cache hides an error of types."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

SAYS = "import sys; sys.stdout.buffer.write('{0} → here\\n'.encode() + b'\\xff\\n'); sys.exit({1})"
DIES = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The gate with steps that only say their names."""
    spec = importlib.util.spec_from_file_location("gate", ROOT / ".ci" / "gate.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "TYPE_CACHE", tmp_path / "cache")
    monkeypatch.setattr(module, "TYPES", step(module, "types"))
    monkeypatch.setattr(module, "BESIDE_TYPES", tuple(step(module, name) for name in ("format", "contracts")))
    monkeypatch.setattr(module, "TESTS", step(module, "tests"))
    assert isinstance(module, ModuleType)
    return module


def step(module: Any, name: str, code: int = 0, program: str = SAYS, *, quiet: bool = False) -> Any:
    return module.Step(name, [sys.executable, "-c", program.format(name, code)], quiet)


def test_what_passes_is_passed(gate: Any, capfd: pytest.CaptureFixture[str]) -> None:
    assert gate.main() == 0
    said = capfd.readouterr().out
    assert all(f"{name} → here" in said for name in ("types", "format", "contracts", "tests"))
    assert "failed" not in said


@pytest.mark.parametrize("program", [SAYS, DIES])
@pytest.mark.parametrize("failing", ["types", "format", "contracts", "tests"])
def test_each_step_that_fails_fails_the_gate(
    gate: Any, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, failing: str, program: str
) -> None:
    broken = step(gate, failing, 3, program, quiet=True)
    if failing in ("types", "tests"):
        monkeypatch.setattr(gate, failing.upper(), broken)
    else:
        monkeypatch.setattr(
            gate, "BESIDE_TYPES", tuple(broken if known.name == failing else known for known in gate.BESIDE_TYPES)
        )
    assert gate.main() % 256 != 0
    said = capfd.readouterr().out
    assert f"== {failing} failed" in said
    assert program is DIES or f"{failing} → here" in said
    assert failing == "tests" or "== tests" not in said


@pytest.mark.parametrize("content", ["x: int = 10\n", "x: int = ''\n"], ids=["same", "other"])
def test_the_types_of_a_file_that_only_looks_like_the_checked_one_are_checked_anew(
    gate: Any, tmp_path: Path, content: str
) -> None:
    (tmp_path / "tui").mkdir()
    source, cache = tmp_path / "tui" / "a.py", tmp_path / "cache"
    source.write_text("x: int = 10\n", encoding="utf-8")
    os.utime(source, (1_000_000_000, 1_000_000_000))
    gate.prepare_types(tmp_path, cache)
    (cache / "3.11").mkdir()
    source.write_text(content, encoding="utf-8")
    os.utime(source, (1_000_000_000, 1_000_000_000))
    gate.prepare_types(tmp_path, cache)
    assert (cache / "3.11").exists() == (content == "x: int = 10\n")


def test_a_cache_of_which_nobody_knows_what_was_checked_is_dropped(gate: Any, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for words in (b"", b"[]", b"\xff"):
        (cache / "3.11").mkdir(parents=True)
        (cache / "digests.json").write_bytes(words)
        gate.prepare_types(tmp_path, cache)
        assert not (cache / "3.11").exists()

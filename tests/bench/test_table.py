"""The table of benchmarks: what is met, missed, or could not be measured."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import msgspec
import pytest

from tests.bench import __main__ as bench
from tests.bench import start_rows
from tests.bench.results import Result, skipped

MET = Result("a", 1234.5, "x", "<= 2,000", True, {"pods": 40, "ours_s": 0.123456})
MISSED = Result("b", 3.0, "s", "<= 2", False)
SKIPPED = skipped("c", "s", "<= 2", "there is no cluster")


def test_every_benchmark_is_a_module() -> None:
    assert all(importlib.util.find_spec(f"tests.bench.{name.replace('-', '_')}") for name in bench.NAMES)


def test_what_could_not_be_measured_is_never_met() -> None:
    assert bench.cells(MET) == ("a", "1,234", "x", "<= 2,000", "yes", "pods 40, ours_s 0.1235")
    assert bench.cells(MISSED)[4] == "NO"
    assert bench.cells(SKIPPED) == ("c", "-", "s", "<= 2", "skipped", "there is no cluster")


def test_only_what_is_missed_makes_the_run_fail() -> None:
    assert bench.exit_code([MET, SKIPPED]) == 0
    assert bench.exit_code([MET, MISSED]) == 1


def test_figures_are_written_even_when_a_benchmark_breaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setattr(bench, "NAMES", ("start-rows", "results"))
    file = tmp_path / "figures.json"
    with pytest.raises(AttributeError):  # results is a module without a benchmark
        bench.main(["--json", str(file)])
    found = msgspec.json.decode(file.read_bytes(), type=list[Result])
    assert [(each.name, each.met) for each in found] == [(start_rows.NAME, None)]


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(["pods"])
    assert "there is no benchmark pods" in capsys.readouterr().err

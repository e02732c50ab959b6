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


def test_one_that_breaks_is_a_row_and_loses_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setattr(bench, "NAMES", ("start-rows", "results"))  # results is a module without a benchmark
    file = tmp_path / "figures.json"
    assert bench.main(["--json", str(file)]) == 1
    results = msgspec.json.decode(file.read_bytes(), type=list[Result])
    assert [(result.name, result.met) for result in results] == [(start_rows.NAME, None), ("results", False)]
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1] == "2 figures: 0 met, 1 not met (results), 1 not measured here (start-rows)"
    assert not any("Traceback" in line for line in printed)


def test_the_last_line_counts() -> None:
    assert bench.counted([MET, MISSED, SKIPPED]) == "3 figures: 1 met, 1 not met (b), 1 not measured here (c)"
    assert bench.counted([MET]) == "1 figures: 1 met, 0 not met, 0 not measured here"


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(["pods"])
    assert "there is no benchmark pods" in capsys.readouterr().err

"""`python -m tests.bench [NAME...] [--json FILE]`: measure, print a table and how many figures are met, write JSON.

Every benchmark is a module of this package whose `run()` gives its figures. Several run one after the other, each in a process
of its own: none pays for what another has left in memory, and one that breaks is a row that says so. Exit code 1 when a figure
that could be measured is not met. Machines differ: where the table says so a figure is a ratio within one run.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from tests.bench.results import Details, Result

__all__ = ["NAMES", "main"]

NAMES = (
    *("first-frame", "start-rows", "start-rows-6000", "demo-start", "pods50k", "fleet", "watch", "acr-pages", "lineage100k"),
    *(
        "tree100k",
        "scan-open",
        "open-tab",
        "band",
        "signatures",
        "plan10k",
        "board200",
        "reassess10k",
        "tag20k",
        "pod-event",
        "registry-answer",
        "scroll100k",
        "filter100k",
        "switch",
        "churn",
        "terminal-bytes",
        "soak",
    ),
)
"""All benchmarks, in the order in which they run; `first-frame` is the module `first_frame`."""
HEADS = ("name", "figure", "unit", "reach", "met", "details")
WIDTHS = (32, 10, 22, 36, 7)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is named, or everything."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="How fast, how large, how steady.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which benchmarks (default all): {', '.join(NAMES)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.names if name not in NAMES]
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    names: Sequence[str] = given.names or NAMES
    results: list[Result] = []
    print(row(HEADS), flush=True)
    try:
        for name in names:
            print(f"measuring {name} ...", end="\r", file=sys.stderr, flush=True)
            measured = _run(name) if len(names) == 1 else _apart(name)
            for result in measured:
                print(row(cells(result)), flush=True)
            results += measured
    finally:
        # What was measured before one of them was stopped is not lost.
        if given.json is not None:
            given.json.write_bytes(msgspec.json.format(msgspec.json.encode(results)))
    print(counted(results))
    return exit_code(results)


def _run(name: str) -> list[Result]:
    results: list[Result] = importlib.import_module(f"tests.bench.{name.replace('-', '_')}").run()
    return results


def _apart(name: str) -> list[Result]:
    """The figures of a benchmark that runs in a process of its own, or that it broke."""
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.json"
        command = [sys.executable, "-m", "tests.bench", name, "--json", str(figures)]
        done = subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace", check=False
        )
        results = msgspec.json.decode(figures.read_bytes(), type=list[Result]) if figures.exists() else []
    last_line = next(iter(reversed(done.stderr.split("\n")[:-1])), "").rpartition("\r")[2]
    return results or [Result(name, None, "", "measured", False, {"broke": last_line or f"it ended with {done.returncode}"})]


def counted(results: Sequence[Result]) -> str:
    """How many figures are met, and which are not."""
    missed, left_out = (dict.fromkeys(result.name for result in results if result.met is met) for met in (False, None))
    met = sum(result.met is True for result in results)
    failures = f"{len(missed)} not met{_named(missed)}, {len(left_out)} not measured here{_named(left_out)}"
    return f"{len(results)} figures: {met} met, {failures}"


def _named(names: Iterable[str]) -> str:
    text = ", ".join(names)
    return f" ({text})" if text else ""


def exit_code(results: Iterable[Result]) -> int:
    """1 when something measured is not met; what could not be measured is not counted either way."""
    return int(any(result.met is False for result in results))


def row(values: Sequence[str]) -> str:
    """One line of the table."""
    *columns, last = values
    return "  ".join([*(value.ljust(width) for value, width in zip(columns, WIDTHS, strict=True)), last])


def cells(result: Result) -> tuple[str, ...]:
    """A result as texts."""
    met = {True: "yes", False: "NO", None: "skipped"}[result.met]
    figure = "-" if result.figure is None else f"{result.figure:,.4g}" if abs(result.figure) < 1000 else f"{result.figure:,.0f}"
    return result.name, figure, result.unit, result.reach, met, in_words(result.details)


def in_words(details: Details) -> str:
    """Details as one line."""
    if set(details) == {"skipped"}:
        return str(details["skipped"])
    return ", ".join(f"{name} {value:,.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in details.items())


if __name__ == "__main__":
    sys.exit(main())

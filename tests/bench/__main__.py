"""`python -m tests.bench [NAME...] [--json FILE]`: measure, print a table, write JSON.

Every benchmark is a module of this package whose `run()` gives its figures. Exit code 1 when a figure that could be measured
is not met. Machines differ: where the table says so a figure is a ratio within one run.
"""

from __future__ import annotations

import argparse
import importlib
import sys
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
    results: list[Result] = []
    print(row(HEADS))
    try:
        for name in given.names or NAMES:
            results += _measured(name)
    finally:
        # What was measured before one of them broke is not lost.
        if given.json is not None:
            given.json.write_bytes(msgspec.json.format(msgspec.json.encode(results)))
    return exit_code(results)


def _measured(name: str) -> list[Result]:
    print(f"measuring {name} ...", end="\r", file=sys.stderr, flush=True)
    results: list[Result] = importlib.import_module(f"tests.bench.{name.replace('-', '_')}").run()
    for result in results:
        print(row(cells(result)), flush=True)
    return results


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

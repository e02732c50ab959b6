"""`registry-answer`: a report on 300 running images of a Container Registry that answers after 20 ms and enforces ACR's limits.

The requests are counted by the registry. Seconds are those of the whole command, with the start of the program.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple

import msgspec

from tests.bench.registry_server import FIRST_SEARCH
from tests.bench.results import Details, Result

__all__ = ["run"]

MOST_SECONDS, MOST_REQUESTS, MOST_PAGES, MOST_OF_SECOND = 15.0, 8.0, 1.05, 2.0
SERVER = [sys.executable, "-m", "tests.bench.registry_server"]
PROGRAM = "import sys; from tui.cli.main import main; sys.exit(main(sys.argv[1:]))"
LIMIT = 300.0


class Counts(msgspec.Struct):
    """What the registry was asked: requests by kind, refused ones, those asked for again, and pages of lists."""

    asked: dict[str, int]
    refused: int
    again: int
    pages: int


class _Answer(NamedTuple):
    """How the command went."""

    seconds: float
    complete: bool
    running: int


def run() -> list[Result]:
    """One start without anything kept from before, and a second one with what the first has kept on disk."""
    with tempfile.TemporaryDirectory() as cache, _server() as (environment, flags, counts):
        environment["XDG_CACHE_HOME"] = cache
        answer = _report(environment, flags)
        asked = counts()
        second = _report(environment, flags)
        more = counts()
    requests = sum(asked.asked.values())
    details: Details = {
        "running": answer.running,
        "complete": answer.complete,
        "requests": requests,
        **dict(sorted(asked.asked.items())),
        "refused": asked.refused,
    }
    per_image, per_page = requests / answer.running, (asked.pages + asked.again) / max(1, asked.pages)
    return [
        Result(
            "registry-answer",
            round(answer.seconds, 2),
            "s",
            f"complete, <= {MOST_SECONDS:g}",
            answer.complete and answer.seconds <= MOST_SECONDS,
            details,
        ),
        Result(
            "registry-answer/requests",
            round(per_image, 2),
            "requests/running image",
            f"<= {MOST_REQUESTS:g}",
            per_image <= MOST_REQUESTS,
            {"images": answer.running, "requests": requests},
        ),
        Result(
            "registry-answer/pages",
            round(per_page, 3),
            "requests/page",
            f"<= {MOST_PAGES}",
            per_page <= MOST_PAGES,
            {"pages": asked.pages, "asked again": asked.again},
        ),
        _second(second, {kind: number - asked.asked.get(kind, 0) for kind, number in sorted(more.asked.items())}),
    ]


def _second(answer: _Answer, asked: dict[str, int]) -> Result:
    per_image = sum(asked.values()) / answer.running
    return Result(
        "registry-answer/second start",
        round(per_image, 2),
        "requests/running image",
        f"<= {MOST_OF_SECOND:g}",
        answer.complete and per_image <= MOST_OF_SECOND,
        {"seconds": answer.seconds, "complete": answer.complete, **asked, "why": _why(answer.running, asked)},
    )


def _why(running: int, asked: dict[str, int]) -> str:
    """What no cache can spare: a tag may name another image by now, and a signature may have come or gone."""
    tags, first = asked.get("tags", 0), asked.get(FIRST_SEARCH, 0)
    others = asked.get("referrers", 0)
    return (
        f"one live list of tags a repository and one live search of what is attached there are {(tags + first) / running:.2f}; "
        f"searches of its other images and platforms, each of which may have signatures and reports of its own, are "
        f"{others / running:.2f}; all else is {(sum(asked.values()) - tags - first - others) / running:.2f}"
    )


class _Handshake(msgspec.Struct):
    """What the server prints when it is ready."""

    kubeconfig: str
    config: str
    environment: dict[str, str]
    contexts: list[str]


@contextmanager
def _server() -> Iterator[tuple[dict[str, str], list[str], Callable[[], Counts]]]:
    with subprocess.Popen(SERVER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        questions, answers = process.stdin, process.stdout
        assert questions is not None
        assert answers is not None
        try:
            handshake = msgspec.json.decode(answers.readline(), type=_Handshake)
            flags = ["--kubeconfig", handshake.kubeconfig, "--config", handshake.config]
            flags += [word for context in handshake.contexts for word in ("--context", context)]
            yield {**os.environ, **handshake.environment}, flags, lambda: _counts(questions, answers)
        finally:
            questions.close()


def _counts(questions: IO[str], answers: IO[str]) -> Counts:
    questions.write("\n")
    questions.flush()
    return msgspec.json.decode(answers.readline(), type=Counts)


def _report(environment: dict[str, str], flags: list[str]) -> _Answer:
    command = [sys.executable, "-c", PROGRAM, "report", "is:running", "-o", "json", "--wait", f"{LIMIT:g}", *flags]
    begun = time.perf_counter()
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    seconds = time.perf_counter() - begun
    document = json.loads(done.stdout)
    return _Answer(seconds, document["complete"], sum(image["in_use"] for image in document["images"]))

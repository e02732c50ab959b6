"""The answer above the rows of the demo's *huge* estate: from the question to cells, for each kind of question.

The index of the snapshot is there, as it is from the first key of a filter on. The figure is the slowest of the questions, each
by the median of its rounds, in time of the processor: whatever else the machine does is no part of it.
"""

from __future__ import annotations

import gc
import statistics
import time

from tests.bench.huge_estate import huge_estate
from tests.bench.results import Details, Result
from tui.domain.answers.context import AnswerContext, AnswerIndex
from tui.domain.answers.question import question_of
from tui.domain.answers.table import answer
from tui.domain.query.query import parse_query
from tui.presenters.answers.lines import answer_lines
from tui.presenters.glyphs import UNICODE

__all__ = ["run"]

QUESTIONS = (
    *("cve:CVE-2026-90355", "pkg:openssl", "base:debian", "base:node", "digest:sha256:ab", "repo:payments/*", "payments"),
    *("is:stuck", "drift:moved", "verdict:fail", "check:scan=fail", "is:running", "is:unused", "is:outdated", "-is:running"),
)
ROUNDS = 5
WIDTH = 80
REACH = 0.1


def run() -> list[Result]:
    """Load the estate, then ask."""
    snapshot = huge_estate()
    index = AnswerIndex(snapshot)
    for text in QUESTIONS:
        asked(index, text)
    gc.collect()
    medians = {text: statistics.median(asked(index, text) for _ in range(ROUNDS)) for text in QUESTIONS}
    slowest = max(medians, key=medians.__getitem__)
    figure = medians[slowest] * 1000
    details: Details = {
        "slowest": slowest,
        "images": len(snapshot.images),
        "median of all": statistics.median(medians.values()) * 1000,
    }
    return [Result("band, question to cells", figure, "ms", f"<= {REACH * 1000:g} ms", figure <= REACH * 1000, details)]


def asked(index: AnswerIndex, text: str) -> float:
    """Seconds of the processor from the text of a question to the cells of its answer."""
    snapshot = index.snapshot
    begun = time.process_time()
    query = parse_query(text)
    question = question_of(query.terms)
    assert question is not None
    found = query.images(index, snapshot.as_of)
    lines = answer_lines(answer(AnswerContext(index, question, found, snapshot.as_of)), WIDTH, UNICODE)
    assert lines
    return time.process_time() - begun

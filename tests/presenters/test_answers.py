"""Answers in words: it runs or not, where, what mends it, whose it is, and what nobody can tell."""

from __future__ import annotations

import pytest

from tests.domain.answers.kit import answered
from tests.domain.answers.test_vulnerability import estate
from tests.domain.scan_kit import CVE
from tui.domain.answers.answer import Answer
from tui.domain.common.trust import State
from tui.presenters.answers.lines import answer_lines
from tui.presenters.answers.table import answer_sentences
from tui.presenters.glyphs import UNICODE
from widgets.text import width_of


def words(answer: Answer) -> dict[str, str]:
    sentences = answer_sentences(answer)
    assert len({sentence.label for sentence in sentences}) == len(sentences)
    return {sentence.label: sentence.words for sentence in sentences}


def test_it_runs_and_where_and_what_mends_it() -> None:
    said = words(answered(estate().snapshot(), CVE))
    assert said["runs"].startswith("2 of 4 images run: 2 workloads in lab; 4 pods")
    assert said["fix"] == "rebuild 3 images → 3 workloads; fixes 1 of 2; 1 keeps it."
    assert said["from"] == "debian:12 1; own package in 1; fixed in openssl 3.1."
    assert said["unknown"] == "1 image (1 run): not scanned."


def test_nothing_found_is_unknown_while_something_was_not_scanned() -> None:
    [runs, unknown] = answer_sentences(answered(estate().snapshot(), "CVE-2026-4321"))
    assert (runs.state, unknown.state) == (State.UNKNOWN, State.UNKNOWN)
    assert runs.words == "No report names it."


def test_what_only_lies_in_a_registry_is_told() -> None:
    said = words(answered(estate().snapshot(), f"cve:{CVE} repo:old"))
    assert said["runs"] == "1 image, and no workload has it."


def test_nothing_that_matches_is_said_plainly() -> None:
    [runs] = answer_sentences(answered(estate().snapshot(), "zzz"))
    assert (runs.words, runs.state) == ("Nothing here matches.", State.PASS)


@pytest.mark.parametrize("text", [CVE, "pkg:openssl", "base:debian", "verdict:fail", "web", "is:running", "repo:nothing"])
@pytest.mark.parametrize("width", [80, 160])
def test_bands_have_five_lines_at_most_and_none_is_cut(text: str, width: int) -> None:
    answer = answered(estate().snapshot(), text)
    lines = answer_lines(answer, width, UNICODE)
    assert 1 <= len(lines) <= 5
    assert all(sum(width_of(span.text) for span in line.left) <= width for line in lines)
    shown = " ".join(span.text.strip() for line in lines for span in line.left)
    assert all(word in shown for sentence in answer_sentences(answer) for word in sentence.words.split())

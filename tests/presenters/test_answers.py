"""The answer to S1 in words: it runs or not, where, what mends it, whose it is, and what nobody can tell."""

from __future__ import annotations

import pytest

from tests.domain.answers.test_vulnerability import asked, estate
from tests.domain.scan_kit import CVE
from tui.domain.answers.vulnerability import Exposure
from tui.domain.common.trust import State
from tui.domain.snapshot.snapshot import ImageKey
from tui.presenters.answers.lines import exposure_lines
from tui.presenters.answers.vulnerability import exposure_parts
from tui.presenters.glyphs import UNICODE
from widgets.text import width_of

WORDS = {part.label: part.words for part in exposure_parts(CVE, asked(estate()))}


def test_it_runs_and_where_and_what_mends_it() -> None:
    assert WORDS["runs"].startswith(f"{CVE} runs: 2 images, 2 workloads, 4 pods in ")
    assert "(shop)" in WORDS["runs"]
    assert WORDS["fix"] == "fixed in openssl 3.1; a rebuild on today's base rids 2 of 4 images of it, not told for 1."
    assert WORDS["whose"] == "the base's: debian:12 (2 images); 1 image of its own; not told for 1."
    assert WORDS["unknown"] == "1 running image has no whole and recent report: it may run there too."


@pytest.mark.parametrize(
    ("unsure", "words"),
    [
        (0, "no fix is known; a rebuild on today's base changes nothing."),
        (2, "no fix is known; whether a rebuild on today's base helps is not told for 2 images."),
    ],
)
def test_that_a_rebuild_changes_nothing_is_said_only_when_it_is_known(unsure: int, words: str) -> None:
    found = Exposure(images=(ImageKey("a", "b", "c"), ImageKey("a", "b", "d")), unsure=unsure)
    assert {part.label: part.words for part in exposure_parts("CVE-1", found)}["fix"] == words


def test_a_base_that_is_to_be_rebuilt_first_is_told_apart() -> None:
    found = Exposure(images=(ImageKey("a", "b", "c"), ImageKey("a", "b", "d")), rebuild=1, later=1)
    words = "no fix is known; a rebuild on today's base rids 1 of 2 images of it, 1 more once their base is rebuilt."
    assert {part.label: part.words for part in exposure_parts("CVE-1", found)}["fix"] == words


def test_nothing_found_is_unknown_while_something_was_not_scanned() -> None:
    [runs, unknown] = exposure_parts("CVE-1", Exposure(open=3))
    assert (runs.state, unknown.state) == (State.UNKNOWN, State.UNKNOWN)
    [clear] = exposure_parts("CVE-1", Exposure())
    assert (clear.state, clear.words) == (State.PASS, "CVE-1 does not run here.")


def test_what_only_lies_in_a_registry_is_told() -> None:
    [runs, *_] = exposure_parts("CVE-1", Exposure(images=(ImageKey("a", "b", "c"),)))
    assert runs.words == "CVE-1 does not run here. 1 image that does not run has it."


def test_lines_fit_the_width() -> None:
    for width in (80, 160):
        lines = exposure_lines(CVE, asked(estate()), width, UNICODE)
        assert all(sum(width_of(span.text) for span in line.left) <= width for line in lines)
        assert any(CVE in span.text for span in lines[0].left)

"""The law of negation: every image is found by a term, or by the negated term, or it cannot be told; never two of these."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain import estates as e
from tests.domain.test_counting import estates, names, used
from tests.domain.world import NOW
from tests.laws import examples
from tui.domain.query.language import CHOICES, Key, Op, Term
from tui.domain.query.query import Query, QueryIndex, Selection, parse_query
from tui.domain.snapshot.snapshot import Snapshot

PLACES = [Term(Key.NS, "shop"), Term(Key.KIND, "deploy"), Term(Key.CTX, "lab"), Term(Key.TEAM, "web")]
TERMS = [
    *(Term(key, value) for key, values in CHOICES.items() if key is not Key.SEV for value in values),
    *(Term(Key.SEV, value, op) for value in CHOICES[Key.SEV] for op in (Op.AT_LEAST, Op.UNDER)),
    *(Term(Key.WORD, word) for word in ("api", "w0", "c1", "shop", "proxy", "nowhere")),
    *(Term(Key.REPO, "app/api"), Term(Key.REPO, "base/*"), Term(Key.BASE, "os"), Term(Key.DIGEST, "sha256:a")),
    *(Term(Key.CVE, "CVE-2026-1"), Term(Key.PKG, "ssl"), Term(Key.AGE, "1d", Op.OVER), Term(Key.AGE, "1d", Op.AT_MOST)),
]


def both(snapshot: Snapshot, term: Term, *rest: Term) -> tuple[Selection, Selection]:
    """What a term finds, and what the negated term finds."""
    index = QueryIndex(snapshot)
    negated = msgspec.structs.replace(term, negated=True)
    yes, no = (Query((each, *rest)).images(index, NOW) for each in (term, negated))
    return yes, no


@examples(300)
@given(estates() | st.just(e.estate()) | st.builds(lambda: used().snapshot()), st.sampled_from(TERMS))
def test_a_term_its_negation_and_what_cannot_be_told_are_all_images(snapshot: Snapshot, term: Term) -> None:
    yes, no = both(snapshot, term)
    assert not yes.images & no.images
    assert yes.undecided == no.undecided == len(snapshot.images) - len(yes.images) - len(no.images)
    if not yes.undecided and not yes.unplaced:
        assert yes.workloads | no.workloads == set(snapshot.workloads)


@examples(100)
@given(estates(), st.sampled_from([term for term in TERMS if term.key is Key.IS]), st.sampled_from([*PLACES, *TERMS]))
def test_nothing_that_a_term_finds_is_found_by_its_negation_beside_another(snapshot: Snapshot, term: Term, other: Term) -> None:
    with_it, _ = both(snapshot, term)
    _, without = both(snapshot, term, other)
    assert not with_it.images & without.images


@examples(60)
@given(estates(), st.sampled_from([*PLACES, *(Term(Key.VERDICT, value) for value in CHOICES[Key.VERDICT])]))
def test_a_workload_is_found_by_what_is_asked_of_workloads_or_by_its_negation(snapshot: Snapshot, term: Term) -> None:
    yes, no = both(snapshot, term)
    assert not yes.workloads & no.workloads


@pytest.mark.parametrize(
    ("query", "images", "workloads"),
    [
        # The old build is declared and kept, the new one runs: neither is on both sides.
        ("-is:running", {"app/api:0", "base/os:1", "app/other:1"}, {"nightly", "never", "zero"}),
        ("-is:scheduled", {"app/api:0", "app/api:1", "base/os:1"}, {"api", "never", "zero"}),
        ("-is:scaled-to-zero", {"app/api:0", "app/api:1", "base/os:1"}, {"api", "nightly", "never"}),
        ("-is:rollback", {"app/api:1", "base/os:1", "app/other:1"}, {"api", "nightly", "never", "zero"}),
        ("-is:suspended", {"app/api:0", "app/api:1", "base/os:1"}, {"api", "nightly", "zero"}),
        # Where something is narrows the uses that are looked at.
        ("app/other -ns:shop", {"app/other:1"}, {"nightly", "never"}),
        ("app/other ns:shop", {"app/other:1"}, {"zero"}),
    ],
)
def test_a_negated_term_is_decided_for_the_image_as_a_whole(query: str, images: set[str], workloads: set[str]) -> None:
    assert names(used().snapshot(), query) == (images, workloads, 0)


def test_what_runs_in_one_place_and_is_declared_in_another_is_not_what_does_not_run() -> None:
    snapshot = e.estate()
    running = parse_query("is:running").images(snapshot, NOW)
    assert running.images
    assert not running.images & parse_query("is:declared -is:running").images(snapshot, NOW).images

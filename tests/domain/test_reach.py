"""How far a query reaches, and what is left of a snapshot where only what runs was read."""

from __future__ import annotations

import pytest

from tests.domain import estates as e
from tui.domain.assemble.in_use import is_surveyed, only_in_use
from tui.domain.query.language import parse_terms
from tui.domain.query.reach import Reach, needs_tasks, reach_of


@pytest.mark.parametrize(
    ("query", "reach"),
    [
        ("", Reach.ANY),
        ("payments", Reach.ANY),
        ("repo:payments/* verdict:fail", Reach.ANY),
        ("cve:CVE-2026-1", Reach.LINEAGE),
        ("is:base", Reach.ANY),
        ("-ns:kube-system", Reach.ANY),
        ("-is:stuck", Reach.ANY),
        ("ns:prod", Reach.RUNS),
        ("ctx:weu is:unsigned", Reach.RUNS),
        ("kind:deploy", Reach.RUNS),
        ("team:web", Reach.RUNS),
        ("drift:moved", Reach.RUNS),
        ("is:running verdict:fail", Reach.RUNS),
        ("is:rollback", Reach.RUNS),
        ("is:stuck", Reach.RUNS),
        ("-is:unused", Reach.RUNS),
        ("-is:unused is:untagged", Reach.RUNS),
        ("is:unused", Reach.REST),
        ("base:debian ns:prod", Reach.LINEAGE),
        ("pkg:openssl", Reach.LINEAGE),
        ("digest:sha256:ab", Reach.LINEAGE),
        ("is:outdated", Reach.LINEAGE),
        ("check:base=unknown", Reach.LINEAGE),
        ("check:scan=fail", Reach.ANY),
        ("is:untagged", Reach.REST),
        ("is:orphan verdict:fail", Reach.REST),
        ("-is:running", Reach.REST),
        ("-is:rollback repo:payments/*", Reach.REST),
    ],
)
def test_how_far_a_query_reaches(query: str, reach: Reach) -> None:
    assert reach_of(parse_terms(query)) is reach


@pytest.mark.parametrize(
    ("query", "needed"),
    [
        ("base:debian", True),
        ("drift:moved", True),
        ("is:drifted", True),
        ("payments", True),
        ("ns:prod", False),
        ("is:stuck", False),
    ],
)
def test_tasks_are_read_for_plans_and_for_who_pushed(query: str, needed: bool) -> None:
    assert needs_tasks(parse_terms(query)) is needed


def test_what_nothing_uses_and_nothing_is_built_on_is_left_out() -> None:
    snapshot = e.estate()
    left = only_in_use(snapshot)
    used = {key for key, image in snapshot.images.items() if image.in_use}
    assert used
    assert used <= set(left.images) < set(snapshot.images)
    for image in left.images.values():
        below = image.base.base if image.base is not None else None
        assert below is None or below in left.images or below in left.bases or below not in {**snapshot.images, **snapshot.bases}
    assert (left.workloads, left.complete) == (snapshot.workloads, snapshot.complete)
    assert sum(left.summary.images.values()) == len(left.images)
    assert all(base in {**left.images, **left.bases} and set(kids) <= set(left.images) for base, kids in left.derived.items())


def test_cutting_down_twice_is_cutting_down_once() -> None:
    once = only_in_use(e.estate())
    again = only_in_use(once)
    assert (again.images, again.bases, again.derived, again.roots) == (once.images, once.bases, once.derived, once.roots)


def test_a_registry_that_was_not_read_as_a_whole_is_seen() -> None:
    assert is_surveyed(e.estate())

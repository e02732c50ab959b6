"""What `:` offers: views, verbs, queries and names, the first of which Enter takes."""

from __future__ import annotations

import pytest

from tests.domain import estates as e
from tui.domain.query.query import QueryIndex, parse_query
from tui.presenters.commands import Ask, CommandIndex, CommandRequest, GoOn, Jump, Run, Target, offers
from tui.presenters.views.table import VIEWS

ESTATE = e.estate()
NAMES = CommandIndex(QueryIndex(ESTATE))
SAVED = {"mine": "ns:payments"}


def offered(text: str) -> list[tuple[str, Target]]:
    """What is offered."""
    return [(offer.title, offer.target) for offer in offers(CommandRequest(text, NAMES, SAVED, e.NOW))]


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("wl", Run("view('workloads')")),
        (":wl", Run("view('workloads')")),
        ("img", Run("view('lineage')")),
        ("repo", Run("view('registries')")),
        ("find", Run("view('findings')")),
        ("act", Run("view('activity')")),
        ("ctx", Run("sources")),
        ("acr", Run("sources")),
        ("ns", Run("view('workloads')")),
        ("q", Run("quit")),
        ("q!", Run("quit")),
        ("help", Run("help")),
        ("reb", Run("act('rebuild')")),
        ("deploy", Ask("kind:deploy", "workloads")),
        ("po", Ask("kind:pod", "workloads")),
        ("ns payments", Ask("ns:payments", "workloads")),
        ("ns pay", Ask("ns:payments", "workloads")),
        ("ctx neu", Ask("ctx:prod-neu", "workloads")),
        ("cve CVE-2026-1", Ask("cve:CVE-2026-1")),
        ("prod-neu", Ask("ctx:prod-neu", "workloads")),
        ("kube", Ask("ns:kube-system", "workloads")),
        ("base py", Ask("base:base/python:3.12")),
        ("base", GoOn("base ")),
        ("pkg", GoOn("pkg ")),
        ("save mine2", Run("save_query('mine2')")),
        ("forget ", Run("forget_query('mine')")),
        ("@mine", Ask("ns:payments")),
        ("@m", Ask("ns:payments")),
        ("-is:running", Ask("-is:running")),
        ("is:stu", Ask("is:stuck")),
        ("cve-2026-1", Ask("cve:cve-2026-1")),
        ("/ledger", Ask("ledger")),
    ],
)
def test_the_first_is_what_is_meant(text: str, target: Target) -> None:
    assert offered(text)[0][1] == target


def test_a_few_letters_jump_to_a_workload_or_an_image() -> None:
    titles = [title for title, target in offered("ldgr") if isinstance(target, Jump)]
    assert titles
    assert titles[0] == "ledger"
    targets = [target for _, target in offered("pyapi") if isinstance(target, Jump)]
    assert {(target.view, target.subject.image is not None) for target in targets} <= {("workloads", False), ("lineage", True)}
    assert any(target.view == "lineage" for target in targets)


def test_every_view_and_every_saved_query_is_there_before_anything_is_typed() -> None:
    titles = [title for title, _ in offered("")]
    assert {view.name.lower() for view in VIEWS} <= set(titles)
    assert "@mine" in titles


@pytest.mark.parametrize("text", ["", "a", "ns", "ns ", "is:", "api", "ctx n", "@", "-", '"', "save", "/", ":", "  "])
def test_each_thing_is_offered_once_and_every_query_parses(text: str) -> None:
    targets = [target for _, target in offered(text)]
    assert len(targets) == len(set(targets))
    for target in targets:
        if isinstance(target, Ask):
            parse_query(target.query)


def test_what_cannot_run_here_is_not_offered() -> None:
    request = CommandRequest("reb", NAMES, {}, e.NOW, can_run=lambda action: not action.startswith("act"))
    assert Run("act('rebuild')") not in [offer.target for offer in offers(request)]


def test_a_query_says_how_much_it_finds() -> None:
    [first, *_] = offers(CommandRequest("ns:payments", NAMES, {}, e.NOW))
    selection = parse_query("ns:payments").images(ESTATE, e.NOW)
    assert first.note[0].text == f"{len(selection.images)} images"

"""Why a source is not whole, in the words that screens and reports share."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tui.domain.facts.events import Denial, Progress, SourceHealth, SourceId, SourceKind, SourceState
from tui.presenters.health import next_step, rank, trouble

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NODES = Denial("nodes", "list nodes", "Ask for nodes.", "No right to list nodes.")
SHOP = Denial("namespace shop", "list pods in namespace shop", "Ask for view.", "No right to list pods.")
BROKEN = Denial("2 of the pods", "", "Look at them.", "They cannot be read.")


def health(state: SourceState, **more: object) -> SourceHealth:
    return SourceHealth(SourceId(SourceKind.REGISTRY, "x"), state, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (health(SourceState.OK), ""),
        (health(SourceState.FAILED, error="it is gone"), "it is gone"),
        (health(SourceState.OFF, error="not asked"), "not asked"),
        (health(SourceState.PARTIAL, error="a is refused", denials=(NODES,)), "a is refused"),
        (health(SourceState.PARTIAL, denials=(NODES,)), "may not read nodes: missing right list nodes"),
        (
            health(SourceState.PARTIAL, denials=(SHOP, BROKEN)),
            "may not read namespace shop: missing right list pods in namespace shop; and 1 other thing",
        ),
        (health(SourceState.PARTIAL), "not everything could be read"),
    ],
)
def test_what_is_wrong_is_said_of_every_source_that_is_not_whole(source: SourceHealth, words: str) -> None:
    assert trouble(source) == words


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "no answer yet"),
        ({"endpoint": "10.0.0.1:6443"}, "no answer yet from 10.0.0.1:6443"),
        ({"progress": (Progress("pods", 0, None, waiting=4.2, waiting_reason="throttled"),)}, "waiting 4 s: throttled"),
        (
            {"as_of": NOW, "progress": (Progress("tags", 3, 3), Progress("manifests", 52, 1200), Progress("configs", 7))},
            "manifests 52 of 1,200, configs 7",
        ),
        ({"as_of": NOW, "objects": 9}, "9 objects so far"),
    ],
)
def test_a_source_that_loads_says_what_it_waits_for(more: dict[str, object], words: str) -> None:
    assert trouble(health(SourceState.LOADING, **more)) == f"still loading, {words}"


def test_the_next_step_is_that_of_what_is_said() -> None:
    assert next_step(health(SourceState.PARTIAL, denials=(NODES, SHOP))) == "Ask for nodes."
    assert next_step(health(SourceState.PARTIAL, error="e", remedy="r", denials=(NODES,))) == "r"
    assert next_step(health(SourceState.PARTIAL, error="e", denials=(NODES,))) == ""
    assert next_step(health(SourceState.OK, denials=(NODES,))) == ""  # only told: nothing is missing


def test_the_worst_source_comes_first_whatever_its_name() -> None:
    ordered = [
        SourceHealth(SourceId(SourceKind.CLUSTER, "m"), SourceState.OFF, lost=True),
        SourceHealth(SourceId(SourceKind.REGISTRY, "y"), SourceState.FAILED, error="it does not answer"),
        SourceHealth(SourceId(SourceKind.SCANNER, "z"), SourceState.FAILED, error="it does not answer"),
        SourceHealth(SourceId(SourceKind.REGISTRY, "x"), SourceState.PARTIAL, denials=(NODES,)),
        SourceHealth(SourceId(SourceKind.CLUSTER, "b"), SourceState.PARTIAL, denials=(BROKEN,)),
        SourceHealth(SourceId(SourceKind.REGISTRY, "c"), SourceState.PARTIAL, denials=(BROKEN,)),
        SourceHealth(SourceId(SourceKind.REGISTRY, "a"), SourceState.OK),
    ]
    by_name = sorted(ordered, key=lambda source: source.id.name)
    assert sorted(by_name, key=rank) == ordered

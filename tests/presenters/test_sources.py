"""The page of sources: what is wrong is said once, and what helps once below all that it is for."""

from __future__ import annotations

from dataclasses import replace

from tests.estates import NOW, company
from tui.domain.facts.events import Denial, SourceHealth, SourceId, SourceKind, SourceState
from tui.presenters.glyphs import UNICODE
from tui.presenters.header import Position, header_lines
from tui.presenters.sources import source_lines
from tui.presenters.views.table import VIEWS

READER = "Ask for the role Reader."


def shown(health: SourceHealth) -> list[str]:
    lines = source_lines(replace(company(), sources=(health,)), NOW, 100)
    return ["".join(span.text for span in line.left).strip() for line in lines if line.left]


def test_a_refusal_that_the_error_tells_is_not_told_again() -> None:
    error = "Azure: Microsoft.ResourceGraph/resources/read is missing."
    right = Denial("tasks", right="Microsoft.ResourceGraph/resources/read", remedy=READER)
    health = SourceHealth(SourceId(SourceKind.BUILDER, "acr"), SourceState.PARTIAL, error=error, remedy=READER, denials=(right,))
    assert shown(health)[1:] == [error, READER]


def test_what_has_one_remedy_stands_above_it() -> None:
    pods = Denial("pods", right="list pods cluster-wide", remedy="Ask for view.")
    nodes = Denial("nodes", right="list nodes", remedy="Ask for more.")
    health = SourceHealth(
        SourceId(SourceKind.CLUSTER, "prod"),
        SourceState.FAILED,
        error="No right to list pods cluster-wide.",
        remedy="Ask for view.",
        denials=(nodes, pods),
    )
    assert shown(health)[1:] == [
        "No right to list pods cluster-wide.",
        "May not read pods: missing right list pods cluster-wide.",
        "Ask for view.",
        "May not read nodes: missing right list nodes.",
        "Ask for more.",
    ]


def test_of_many_lost_registries_the_header_names_the_one_that_most_runs_from() -> None:
    lost = tuple(
        SourceHealth(SourceId(SourceKind.REGISTRY, name), SourceState.FAILED, error="It does not answer.")
        for name in ("a.example", "b.example", "c.example", "contoso.azurecr.io")
    )
    header = header_lines(replace(company(), sources=lost), Position(VIEWS, VIEWS[0]), NOW, 200, UNICODE)
    chips = "".join(span.text for span in header[1].right)
    assert "contoso.azurecr.io" in chips
    assert "+2" in chips

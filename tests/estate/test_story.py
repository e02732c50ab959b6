"""What the log says of sources: each change once, and nothing of what is no news."""

from __future__ import annotations

import logging

import msgspec
import pytest

from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.facts.events import Denial, SourceHealth, SourceState
from tui.estate.story import Story

ME = SourceId(SourceKind.CLUSTER, "prod")
LOADING = SourceHealth(ME, SourceState.LOADING)
LIVE = SourceHealth(ME, SourceState.OK, endpoint="k8s:443", identity="ops", live=True)
LOST = SourceHealth(ME, SourceState.FAILED, endpoint="k8s:443", error="No answer.", remedy="Use the VPN.")
NODES, JOBS = Denial("nodes", "list nodes", "Ask for view.", "No right."), Denial("jobs", reason="Cut")
JOBS_LATER = Denial("jobs", reason="Cut once more")
PART = msgspec.structs.replace(LIVE, state=SourceState.PARTIAL, denials=(NODES,))


@pytest.mark.parametrize(
    ("told", "lines"),
    [
        ([LOADING, LOADING], ["cluster/prod: connecting"]),
        ([LIVE, msgspec.structs.replace(LIVE, objects=7, requests=9)], ["cluster/prod: live at k8s:443 as ops"]),
        ([LIVE, LOADING, LIVE], ["cluster/prod: live at k8s:443 as ops"]),
        (
            [LOADING, LOST, LOST, LIVE],
            [
                "cluster/prod: connecting",
                "cluster/prod: failed at k8s:443: No answer. Use the VPN.",
                "cluster/prod: back, live at k8s:443 as ops",
            ],
        ),
        (
            [PART, PART, msgspec.structs.replace(PART, denials=(NODES, JOBS)), LIVE],
            [
                "cluster/prod: live in part at k8s:443 as ops: nodes cannot be read",
                "cluster/prod: cannot read nodes (the right: list nodes): No right. Ask for view.",
                "cluster/prod: cannot read jobs: Cut.",
                "cluster/prod: live at k8s:443 as ops",
                "cluster/prod: can read jobs again",
                "cluster/prod: can read nodes again",
            ],
        ),
        (
            [msgspec.structs.replace(LOST, denials=(NODES,)), PART],
            [
                "cluster/prod: failed at k8s:443: No answer. Use the VPN.",
                "cluster/prod: back, live in part at k8s:443 as ops: nodes cannot be read",
                "cluster/prod: cannot read nodes (the right: list nodes): No right. Ask for view.",
            ],
        ),
        ([SourceHealth(ME, SourceState.OFF, error="not asked")], ["cluster/prod: off: not asked."]),
        (
            [msgspec.structs.replace(PART, denials=(JOBS, JOBS_LATER, NODES))],
            [
                "cluster/prod: live in part at k8s:443 as ops: jobs and 1 more cannot be read",
                "cluster/prod: cannot read jobs: Cut.",
                "cluster/prod: cannot read nodes (the right: list nodes): No right. Ask for view.",
            ],
        ),
    ],
)
def test_each_change_is_told_once(caplog: pytest.LogCaptureFixture, told: list[SourceHealth], lines: list[str]) -> None:
    story = Story()
    with caplog.at_level(logging.INFO, "tui.estate.story"):
        for health in told:
            story.tell(health)
    assert [record.getMessage() for record in caplog.records] == lines
    assert all((record.levelno == logging.WARNING) == ("failed" in record.getMessage()) for record in caplog.records)

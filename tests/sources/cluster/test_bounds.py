"""Whatever an API server sends, only so much of it is kept, and what was left out is said."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.sources.cluster.apiserver import NAMESPACES, PODS, Answer, ApiServer, event, failure, page, pod, write_kubeconfig
from tests.sources.cluster.follow import options, pods, until, until_health
from tui.domain.facts.events import Event, HealthChanged, SourceHealth, SourceId, SourceKind, SourceState
from tui.sources.cluster import ClusterSource
from tui.sources.cluster import api as module
from tui.sources.cluster.facts import MAX_KEY, MAX_TEXT, ClusterFacts
from tui.sources.cluster.kinds import KINDS
from tui.sources.cluster.readers import reader_of


def endless(size: int) -> Answer:
    """Pages that always name another one, of new pods."""
    number = count()

    async def answer(request: web.Request) -> web.StreamResponse:
        items = [pod(f"p{next(number)}") for _ in range(size)]
        return await page(items, token=f"t{next(number)}")(request)

    return answer


def partial(health: SourceHealth) -> bool:
    return health.state is SourceState.PARTIAL


def told(events: list[Event]) -> bool:
    return isinstance(last := events[-1], HealthChanged) and partial(last.health)


async def test_a_list_without_an_end_is_read_in_part_and_said(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(PODS, endless(50))
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url), room=600_000))
        events = await until(source, told)
    last = events[-1]
    assert isinstance(last, HealthChanged)
    kept = len(pods(events))
    assert 50 < kept < 500
    assert [denial.what for denial in last.health.denials] == [f"more than {kept} pods"]
    assert "-n NAME" in last.health.denials[0].remedy


async def test_a_watch_without_an_end_is_followed_in_part_and_said(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(PODS, page([pod("first")]))

    async def pour(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for number in range(5_000):
            await response.write(json.dumps(event("ADDED", pod(f"p{number}", version=str(number + 20)))).encode() + b"\n")
        return response

    server.watches(PODS, pour)
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url), room=600_000))
        events = await until(source, told)
    assert len({found.name for found in pods(events)}) < 500


async def test_empty_pages_without_an_end_are_given_up(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(PODS, endless(0))
    async with server.running():
        health = await until_health(
            ClusterSource(options(write_kubeconfig(tmp_path, server.url))), lambda health: health.state is SourceState.FAILED
        )
    assert "list of pods without end" in health.error


async def test_pages_that_are_too_large_together_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_HELD", 4_000)
    server = ApiServer()
    server.lists(PODS, page([pod("a", annotations={"x": "y" * 8_000})]))
    async with server.running():
        health = await until_health(
            ClusterSource(options(write_kubeconfig(tmp_path, server.url))), lambda health: health.state is SourceState.FAILED
        )
    assert "sent an answer of more than" in health.error


async def test_namespaces_without_an_end_are_given_up(tmp_path: Path) -> None:
    server = ApiServer()
    server.gate = lambda request: failure(403, "Forbidden") if request.path == PODS else None
    server.lists(NAMESPACES, page([], token="more"))
    async with server.running():
        await until_health(
            ClusterSource(options(write_kubeconfig(tmp_path, server.url))), lambda health: health.state is not SourceState.LOADING
        )


def made(**metadata: Any) -> ClusterFacts:
    """What is kept of the facts of one pod."""
    facts = ClusterFacts("c")
    reader = reader_of(KINDS[0], facts, SourceId(SourceKind.CLUSTER, "c"), lambda: "host")
    body = json.dumps({"kind": "List", "metadata": {"resourceVersion": "1"}, "items": [pod("a", **metadata)]}).encode()
    reader.facts(reader.page(body).items, {}, {}, lambda _namespace, _owner: None)
    return facts


def test_huge_labels_and_texts_are_cut_and_not_kept() -> None:
    facts = made(labels={f"k{number}": "v" * 1000 for number in range(1000)} | {"team": "x" * 100_000}, namespace="n" * 100_000)
    assert all(len(key) <= MAX_KEY for key in facts._labels)
    texts = facts._text.__self__  # type: ignore[attr-defined]
    assert all(len(key) <= MAX_TEXT for key in texts)

"""What the explorer says when a cluster cannot be read: what, why and the next step, and nothing else is lost."""

from __future__ import annotations

import asyncio
import re
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import yaml

from tests.estate.fakes import HandRegistry, HandSource
from tests.estate.test_store import HOST, pod
from tests.sources.cluster.apiserver import ApiServer, failure
from tests.ui.driving import Settings as Looks
from tests.ui.driving import text_of
from tui.domain.facts.demand import Demand
from tui.domain.facts.events import SourceId, SourceKind, SourceState
from tui.domain.policy.policy import built_in
from tui.estate.estate import Estate
from tui.settings.settings import Settings
from tui.sources.cluster import ClusterOptions
from tui.ui.app import TrustreeApp
from tui.ui.screens.explorer import ExplorerScreen
from tui.wiring.parts import open_estate

LIMIT = 60.0
CLOSED = "http://127.0.0.1:9"
"""Nothing listens on the discard port."""


def kubeconfig(folder: Path, server: str = CLOSED, **user: object) -> Path:
    """A kubeconfig with one context `prod`."""
    path = folder / "config"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "prod",
        "clusters": [{"name": "prod", "cluster": {"server": server}}],
        "users": [{"name": "ops", "user": user or {"token": "hunter2"}}],
        "contexts": [{"name": "prod", "context": {"cluster": "prod", "user": "ops"}}],
    }
    path.write_text(yaml.safe_dump(content))
    return path


def hanging_plugin(folder: Path) -> dict[str, object]:
    """An exec plugin that never answers."""
    script = folder / "plugin"
    script.write_text("#!/bin/sh\nexec sleep 600\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return {"apiVersion": "client.authentication.k8s.io/v1", "command": str(script), "interactiveMode": "Never"}


@asynccontextmanager
async def shown(settings: Settings, size: tuple[int, int] = (120, 40)) -> AsyncIterator[str]:
    """What the explorer says of these settings once no source is loading."""
    app = TrustreeApp(Looks(), lambda: open_estate(settings))
    async with app.run_test(size=size) as pilot:
        screen = app.screen
        assert isinstance(screen, ExplorerScreen)
        async with asyncio.timeout(LIMIT):
            while "Nothing could be read" not in screen.notice.text and not app.trouble:
                await pilot.pause(0.05)
        if not app.trouble:
            assert app.snapshot.sources[0].state is SourceState.FAILED
        yield re.sub(r"\s+", " ", screen.notice.text)


async def test_a_kubeconfig_that_is_not_there(tmp_path: Path) -> None:
    async with shown(Settings(kubeconfig=str(tmp_path / "none"), azure=False)) as said:
        assert "none" in said
        assert "KUBECONFIG" in said


async def test_a_kubeconfig_that_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("clusters: [\n")
    async with shown(Settings(kubeconfig=str(path), azure=False)) as said:
        assert "config" in said


async def test_a_context_that_does_not_exist(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path)
    async with shown(Settings(kubeconfig=str(path), contexts=("staging",), azure=False)) as said:
        assert "staging" in said
        assert "prod" in said  # the contexts that there are


async def test_a_host_that_does_not_answer(tmp_path: Path) -> None:
    async with shown(Settings(kubeconfig=str(kubeconfig(tmp_path)), azure=False)) as said:
        assert "127.0.0.1:9" in said
        assert "hunter2" not in said


@pytest.mark.parametrize(("code", "reason", "words"), [(401, "Unauthorized", "sign in again"), (403, "Forbidden", "right")])
async def test_an_expired_token_and_a_missing_right(tmp_path: Path, code: int, reason: str, words: str) -> None:
    server = ApiServer()
    server.gate = lambda _: failure(code, reason, "no")
    async with server.running(), shown(Settings(kubeconfig=str(kubeconfig(tmp_path, server.url)), azure=False)) as said:
        assert words in said.lower()
        assert "hunter2" not in said


async def test_an_exec_plugin_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.wiring.clusters.ClusterOptions", partial(ClusterOptions, exec_timeout=0.3))
    path = kubeconfig(tmp_path, exec=hanging_plugin(tmp_path))
    async with shown(Settings(kubeconfig=str(path), azure=False)) as said:
        assert "plugin" in said


async def test_a_fault_of_our_own_is_told_on_the_screen() -> None:
    """What nobody renews any more must not look like something that is fine."""
    cluster, registry = HandSource(SourceId(SourceKind.CLUSTER, "a")), HandRegistry(HOST)

    def broken(demands: tuple[Demand, ...]) -> None:
        raise ZeroDivisionError("a bug of ours")

    setattr(registry, "want", broken)  # noqa: B010 - mypy takes a method for fixed
    app = TrustreeApp(Looks(), Estate((cluster,), lambda _: registry, built_in()).running)
    async with app.run_test(size=(120, 40)) as pilot:
        cluster.say(pod("a"))
        cluster.health()
        screen = app.screen
        assert isinstance(screen, ExplorerScreen)
        async with asyncio.timeout(LIMIT):
            while "a bug of ours" not in screen.notice.text and " stopped " not in text_of(screen):
                await pilot.pause(0.01)

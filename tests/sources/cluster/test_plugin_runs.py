"""A plugin is run once for all who need it, and after a failure not again before a pause that grows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.sources.cluster.test_plugins import credential, plugin
from tui.errors import AuthenticationFailed
from tui.sources.cluster.pluginruns import FIRST_PAUSE, LONGEST_PAUSE, PluginRuns


def counted(folder: Path, rest: str) -> str:
    """A program that leaves a mark for each run."""
    return f"import sys; open({str(folder / 'runs')!r}, 'a').write('x'); {rest}"


def runs(folder: Path) -> int:
    """How often it was run."""
    return len((folder / "runs").read_text())


async def test_a_failing_plugin_is_run_once_for_all_and_again_after_a_growing_pause(tmp_path: Path) -> None:
    now = [0.0]
    shared = PluginRuns(lambda: now[0])
    failing = plugin(tmp_path, counted(tmp_path, "sys.stderr.write('no --password hunter2'); sys.exit(1)"))
    found = await asyncio.gather(*(shared.run(failing, {}, 15) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(each, AuthenticationFailed) and "hunter2" not in each.headline for each in found)
    assert runs(tmp_path) == 1
    for count, pause in enumerate((FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE), 1):
        now[0] += pause - 1
        with pytest.raises(AuthenticationFailed):
            await shared.run(failing, {}, 15)
        assert runs(tmp_path) == count
        now[0] += 1
        with pytest.raises(AuthenticationFailed):
            await shared.run(failing, {}, 15)
        assert runs(tmp_path) == count + 1
    assert 4 * FIRST_PAUSE < LONGEST_PAUSE


async def test_who_waits_for_a_run_shares_what_it_gives_and_who_comes_later_gets_a_new_one(tmp_path: Path) -> None:
    shared = PluginRuns()
    good = plugin(tmp_path, counted(tmp_path, f"print({credential(token='t')!r})"))
    found = await asyncio.gather(*(shared.run(good, {}, 15) for _ in range(10)))
    assert {each.token for each in found} == {"t"}
    assert runs(tmp_path) == 1
    await shared.run(good, {}, 15)
    assert runs(tmp_path) == 2


async def test_another_plugin_is_not_held_back_by_one_that_fails(tmp_path: Path) -> None:
    shared = PluginRuns(lambda: 0.0)
    failing = plugin(tmp_path, counted(tmp_path, "sys.exit(1)"))
    with pytest.raises(AuthenticationFailed):
        await shared.run(failing, {}, 15)
    (tmp_path / "other").mkdir()
    assert (await shared.run(plugin(tmp_path / "other", f"print({credential(token='u')!r})"), {}, 15)).token == "u"

"""One run of a credential plugin for all who need it, and pauses after a failure.

A plugin may ask a person, and a directory locks accounts after some wrong answers: however many clusters, readers and retries
there are, it is run once at a time, and after a failure not again before a pause that grows.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from weakref import WeakKeyDictionary

import msgspec

from tui.domain.common.text import clean
from tui.errors import AuthenticationFailed
from tui.sources.cluster.execplugin import ExecCredential, ExecPlugin, run_plugin
from tui.sources.kit.requestlog import reason

__all__ = ["PluginRuns", "shared_run"]

_log = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 15.0, 600.0
"""Seconds after a failure in which nobody runs the plugin; doubled with each failure in a row."""


class _Line:
    """Those who wait for one plugin, and what came of its last run."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.runs = 0
        self.credential: ExecCredential | None = None
        self.failures = 0
        self.until = 0.0
        self.headline = self.remedy = ""


class PluginRuns:
    """Runs plugins; `clock` in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lines: dict[bytes, _Line] = {}

    async def run(self, plugin: ExecPlugin, cluster: Mapping[str, object], timeout: float) -> ExecCredential:
        """The credential of a run that began or ended while we waited. Raises AuthenticationFailed, also what others met."""
        key = msgspec.msgpack.encode((plugin, dict(cluster) if plugin.provide_cluster_info else None))
        line = self._lines.setdefault(key, _Line())
        runs_before = line.runs
        async with line.lock:
            if line.runs != runs_before and line.credential is not None:
                return line.credential
            if self._clock() < line.until:
                raise AuthenticationFailed(line.headline, line.remedy)
            return await self._run(line, plugin, cluster, timeout)

    async def _run(self, line: _Line, plugin: ExecPlugin, cluster: Mapping[str, object], timeout: float) -> ExecCredential:
        line.credential = None
        name = clean(plugin.command.rpartition("/")[2], 60)
        _log.debug("the credential plugin %s is run", name)
        try:
            line.credential = await run_plugin(plugin, cluster, timeout)
        except AuthenticationFailed as error:
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(line.failures, 10))
            line.failures += 1
            line.until, line.headline, line.remedy = self._clock() + pause, error.headline, error.remedy
            _log.warning("the credential plugin %s is not run again for %.0f s: %s", name, pause, reason(error))
            raise
        _log.debug("the credential plugin %s gave a credential", name)
        line.failures, line.until = 0, 0.0
        line.runs += 1
        return line.credential


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, PluginRuns] = WeakKeyDictionary()


async def shared_run(plugin: ExecPlugin, cluster: Mapping[str, object], timeout: float) -> ExecCredential:
    """`PluginRuns.run` of the program. Raises AuthenticationFailed."""
    return await _of_loops.setdefault(asyncio.get_running_loop(), PluginRuns()).run(plugin, cluster, timeout)

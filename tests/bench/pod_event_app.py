"""The explorer over a real API server with 50,000 pods, of which one changes now and then.

`python -m tests.bench.pod_event_app URL FOLDER FILE ROUNDS` writes what the process computed for each change, from the socket
until the terminal shows it, without what it computes meanwhile anyway: a JSON list of seconds.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.clusterclient import write_kubeconfig
from tests.bench.soak_app import Settings
from tests.domain.world import A, trusting
from tui.estate.estate import Estate
from tui.sources.cluster import ClusterOptions, ClusterSource
from tui.ui.app import TrustreeApp
from tui.wiring.interpreter import keep_for_good, prepare_interpreter

__all__ = ["main"]

PATIENCE = 120.0
SPAN, SETTLING = 2.0, 5.0
"""Seconds over which a change is measured, all that follows from it included; and until nothing of the start is left."""


class _Rounds:
    """Has one pod change after another."""

    def __init__(self, url: str, folder: str, file: Path, rounds: int) -> None:
        self.app: TrustreeApp | None = None
        self._url, self._folder, self._file, self._rounds = url, folder, file, rounds
        self._changed = asyncio.Event()
        self._tls = ssl.create_default_context(cafile=f"{folder}/server.pem")

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Estate]:
        """The estate, while the rounds are done beside it."""
        keep_for_good()
        options = ClusterOptions(paths=(write_kubeconfig(Path(self._folder), self._url),))
        async with Estate((ClusterSource(options),), lambda registry: None, trusting((A,))).running() as estate:
            estate.subscribe(lambda snapshot: self._changed.set())
            measuring = asyncio.create_task(self._measure(estate))
            yield estate
            await measuring

    async def _measure(self, estate: Estate) -> None:
        await estate.settled(PATIENCE)
        await asyncio.sleep(SETTLING)
        idle = min([await _computed() for _ in range(3)])
        spent = [await self._change(number) - idle for number in range(1, self._rounds + 1)]
        self._file.write_text(json.dumps(spent))
        if self.app is not None:
            self.app.exit()

    async def _change(self, number: int) -> float:
        """What is computed for one change: the server sends it a moment after it is asked to."""
        self._changed.clear()
        await self._ask(f"/change/{number}")
        spent = await _computed()
        assert self._changed.is_set()
        return spent

    async def _ask(self, path: str) -> None:
        parts = urlsplit(self._url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, ssl=self._tls)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        writer.close()


async def _computed() -> float:
    begun = time.process_time()
    await asyncio.sleep(SPAN)
    return time.process_time() - begun


def main(url: str, folder: str, file: str, rounds: str) -> None:
    """Run it."""
    prepare_interpreter()
    measured = _Rounds(url, folder, Path(file), int(rounds))
    measured.app = TrustreeApp(Settings(), measured.opened)
    measured.app.run()

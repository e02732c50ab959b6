"""The child of `churn`: the explorer over a real API server whose pods change all the time.

`main(URL, FOLDER, REPORT, EVENTS)` asks the server for so many changes once everything is read.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.clusterclient import write_kubeconfig
from tests.bench.explorer_app import MeasuredApp
from tests.domain.world import A, trusting
from tui.estate.estate import Estate
from tui.sources.cluster import ClusterOptions, ClusterSource
from tui.wiring.interpreter import keep_for_good, prepare_interpreter

__all__ = ["main"]

PATIENCE = 120.0


async def _begin(url: str, folder: str, events: str) -> None:
    parts = urlsplit(url)
    tls = ssl.create_default_context(cafile=f"{folder}/server.pem")
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, ssl=tls)
    writer.write(f"GET /churn/{events} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


def main(url: str, folder: str, report: str, events: str) -> None:
    """Run on the terminal that there is, with the interpreter as the program has it."""
    prepare_interpreter()

    @asynccontextmanager
    async def opened() -> AsyncIterator[Estate]:
        keep_for_good()
        options = ClusterOptions(paths=(write_kubeconfig(Path(folder), url),))
        async with Estate((ClusterSource(options),), lambda registry: None, trusting((A,))).running() as estate:

            async def churn() -> None:
                await estate.settled(PATIENCE)
                await _begin(url, folder, events)

            beginning = asyncio.create_task(churn())
            yield estate
            await beginning

    MeasuredApp(Path(report), opened, lambda: datetime.now(UTC)).run()

"""Prisma Cloud Compute (Twistlock): scans of deployed images, then those of registries, 50 at a time.

Source: PaloAltoNetworks/pan.dev `openapi-specs/compute`: `limit` at most 50, the total in the header `Total-Count`, `null` for an
empty page, a token of 30 minutes, and 30 requests in 30 seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from functools import partial

from tui.domain.common.decoding import DECODING
from tui.domain.common.text import clean, plural
from tui.domain.facts.health import denial_of
from tui.domain.facts.scan import ScanReport
from tui.errors import AuthenticationFailed, Forbidden, SourceError, UntrustedPayload
from tui.sources.scanners.console import Console, ConsoleOptions, ConsoleSource, token_in
from tui.sources.scanners.formats.twistlock import SCANNER, read_images
from tui.sources.scanners.rounds import Pace, Round

__all__ = ["PER_MINUTE", "PrismaSource"]

PAGE = 50
MAX_IMAGES = 200_000
PER_MINUTE = 50.0
"""Requests; the console refuses more than 30 in 30 seconds."""
LISTS = {"images": "read scans of deployed images", "registry": "read scans of images in registries"}


class PrismaSource(ConsoleSource):
    """A `Source` and `Probe`."""

    def __init__(self, name: str, options: ConsoleOptions, pace: Pace | None = None) -> None:
        ask_for = "Ask for a role that may view Monitor > Vulnerabilities (Auditor or DevSecOps User)."
        super().__init__(name, options, pace, SCANNER, "read Vulnerability results", ask_for)

    async def read(self, round_: Round) -> AsyncGenerator[Sequence[ScanReport], None]:
        """Deployed images first; a list that is refused does not hide the other."""
        refusals: list[SourceError] = []
        async with self._opened(round_) as console:
            for path, purpose in LISTS.items():
                try:
                    async with aclosing(self._pages(console, path, purpose)) as batches:
                        async for batch in batches:
                            yield batch
                except Forbidden as error:
                    refusals.append(error)
                    round_.denials.append(denial_of(purpose, error))
                except AuthenticationFailed:
                    raise
                except SourceError as error:
                    refusals.append(error)
                    round_.failures.append(error)
        if len(refusals) == len(LISTS):
            raise refusals[0]

    async def _pages(self, console: Console, path: str, purpose: str) -> AsyncGenerator[list[ScanReport], None]:
        offset = 0
        while True:
            reply = await console.get(f"/api/v1/{path}?limit={PAGE}&offset={offset}", purpose)
            try:
                reports = await asyncio.to_thread(read_images, self.id, path, reply.body, self._pool, offset)
            except DECODING as error:
                raise UntrustedPayload(
                    f"{self._service.title} sent something other than scans: {clean(str(error), 120)}", "Check the address."
                ) from error
            offset, total = offset + len(reports), _total(reply.header("total-count"))
            yield reports
            if offset >= total and (total or len(reports) < PAGE):
                return
            if not reports:
                raise UntrustedPayload(
                    f"{self._service.title} ends its list of {path} after {offset:,} of {total:,}", "It is read again."
                )
            if offset >= MAX_IMAGES:
                raise UntrustedPayload(f"only the first {offset:,} {path} were read", "Use a role with fewer collections.")

    def _counts(self) -> Mapping[str, Callable[[Console], Awaitable[str]]]:
        return {purpose: partial(_count, path, purpose) for path, purpose in LISTS.items()}

    async def _sign_in(self, console: Console) -> str:
        body = {"username": console.options.username, "password": console.options.password}
        return token_in(await console.post("/api/v1/authenticate", body, "sign in"), SCANNER)


async def _count(path: str, purpose: str, console: Console) -> str:
    reply = await console.get(f"/api/v1/{path}?limit=1&offset=0", purpose)
    return plural(_total(reply.header("total-count")), "image")


def _total(header: str) -> int:
    """The number of images that the server counts, 0 when it does not say."""
    return int(header) if header.isascii() and header.isdigit() and len(header) < 10 else 0

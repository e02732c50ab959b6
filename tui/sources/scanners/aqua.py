"""Aqua Enterprise: the list of scanned images for the counts, then every vulnerability of every image.

Source: aquasecurity/terraform-provider-aquasec `client/client.go` (sign-in), `client/image.go`, `client/vulnerabilities.go`. What
Aqua's operator leaves in a cluster are VulnerabilityReports, which the reader of those resources takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import TypeVar

import msgspec

from tui.domain.common.decoding import DECODING
from tui.domain.common.text import plural
from tui.domain.facts.events import Denial
from tui.domain.facts.scan import ScanReport
from tui.errors import Forbidden, ForeignAnswer, NotFound, SourceError, UntrustedPayload
from tui.sources.scanners.console import Console, ConsoleOptions, ConsoleSource, token_in
from tui.sources.scanners.formats.aqua import SCANNER, AquaPage, AquaReports, AquaRow, ImageRow, read_page
from tui.sources.scanners.rounds import Pace, Round

__all__ = ["AquaSource"]

_T = TypeVar("_T")

PAGE = 200
MAX_ROWS = 2_000_000
IMAGES = f"/api/v2/images?pagesize={PAGE}&page="
RISKS = f"/api/v2/risks/vulnerabilities?pagesize={PAGE}&include_vpatch_info=true&show_negligible=true&hide_base_image=false&page="
LISTED, FOUND = "list scanned images", "read vulnerabilities of images"


class AquaSource(ConsoleSource):
    """A `Source` and `Probe`."""

    def __init__(self, name: str, options: ConsoleOptions, pace: Pace | None = None, max_rows: int = MAX_ROWS) -> None:
        ask_for = "Ask for a permission set that may view images and vulnerabilities (Auditor)."
        super().__init__(name, options, pace, SCANNER, "Images: read, Vulnerabilities: read", ask_for)
        self._max_rows = max_rows

    async def read(self, round_: Round) -> AsyncGenerator[Sequence[ScanReport], None]:
        """Counts first, as far as images are listed; the rows of one image are spread over pages, so details come at the end."""
        gathering = AquaReports(self.id, self._pool)
        async with self._opened(round_) as console:
            await self._images(console, gathering, round_)
            if counts := gathering.counted():
                yield counts
            try:
                reason = await self._rows(console, gathering)
            except SourceError as error:
                if not gathering.rows:
                    raise
                reason = f"not all vulnerabilities could be read: {error.headline}"
                round_.failures.append(error)
        if reason and not round_.failures:
            round_.failures.append(UntrustedPayload(reason, "Use a user that sees fewer images."))
        yield await asyncio.to_thread(gathering.reports, reason)

    async def _images(self, console: Console, gathering: AquaReports, round_: Round) -> None:
        """The list of images; without it, images that are clean cannot be told from those that were never scanned."""
        try:
            async with aclosing(self._pages(console, IMAGES, ImageRow, LISTED)) as pages:
                async for _, rows, lost in pages:
                    gathering.mourn(lost)
                    for row in rows:
                        gathering.add_image(row)
        except (ForeignAnswer, Forbidden, NotFound) as error:
            reason = f"{error.headline}: images without vulnerabilities cannot be told apart from images never scanned"
            round_.denials.append(Denial(LISTED, self._service.right, self._service.ask_for, reason))

    async def _rows(self, console: Console, gathering: AquaReports) -> str:
        """Every vulnerability; the reason why the rest was left, empty when nothing was."""
        async with aclosing(self._pages(console, RISKS, AquaRow, FOUND)) as pages:
            async for page, rows, lost in pages:
                gathering.mourn(lost)
                for row in rows:
                    gathering.add(row)
                if page.is_partial_data:
                    return "Aqua sends a part of its data only (is_partial_data)"
                if gathering.rows >= self._max_rows:
                    return f"only the first {gathering.rows:,} of {plural(page.count or 0, 'vulnerability')} were read"
        return f"{plural(gathering.broken, 'row')} of Aqua could not be read" if gathering.broken else ""

    async def _pages(
        self, console: Console, path: str, kind: type[_T], purpose: str
    ) -> AsyncGenerator[tuple[AquaPage, list[_T], list[msgspec.Raw]], None]:
        number, read = 1, 0
        while True:
            reply = await console.get(f"{path}{number}", purpose)
            try:
                page, rows, lost = await asyncio.to_thread(read_page, reply.body, kind)
            except DECODING as error:
                raise UntrustedPayload(f"{self._service.title} sent something other than rows", "Check the address.") from error
            size = len(rows) + len(lost)
            read += size
            yield page, rows, lost
            if size < PAGE if page.count is None else read >= page.count:
                return
            if not size:
                raise UntrustedPayload(
                    f"{self._service.title} ends its list after {read:,} of {plural(page.count or 0, 'row')}", "It is read again."
                )
            number += 1

    def _counts(self) -> Mapping[str, Callable[[Console], Awaitable[str]]]:
        return {
            LISTED: lambda console: self._count(console, IMAGES, LISTED),
            FOUND: lambda console: self._count(console, RISKS, FOUND),
        }

    async def _count(self, console: Console, path: str, purpose: str) -> str:
        async with aclosing(self._pages(console, path, msgspec.Raw, purpose)) as pages:
            page, _, _ = await anext(pages)
        return plural(page.count or 0, "row")

    async def _sign_in(self, console: Console) -> str:
        """A token of the self-hosted console, or of Aqua's cloud when that is where to sign in."""
        options = console.options
        if options.sign_in:
            body = {"email": options.username, "password": options.password}
            return token_in(await console.post("/v2/signin", body, "sign in", options.sign_in.rstrip("/")), SCANNER)
        body = {"id": options.username, "password": options.password}
        return token_in(await console.post("/api/v1/login", body, "sign in"), SCANNER)

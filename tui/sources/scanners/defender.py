"""Microsoft Defender for Containers: the findings that Defender for Cloud keeps of images, read through Resource Graph."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import msgspec

from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.common.text import plural
from tui.domain.facts.diagnosis import Diagnosis, Tried
from tui.domain.facts.scan import ScanReport
from tui.errors import AuthenticationFailed, Forbidden, SourceError
from tui.sources.ports import ResourceQueries
from tui.sources.scanners.findings import Pool
from tui.sources.scanners.formats.defender import QUERY, DefenderReports
from tui.sources.scanners.rounds import Absent, Pace, Round, ScannerSource

__all__ = ["DefenderOptions", "DefenderSource"]

MAX_ROWS = 2_000_000
"""Findings read at most; a page has 1,000, and the quota allows some 180,000 a minute."""
RIGHT = "Microsoft.Security/*/read"
ASK = "Ask for the role Security Reader on the subscriptions of the registries, or turn on the Defender for Containers plan."
NOTHING = "Defender for Cloud has no finding of an image that you may read"


class DefenderOptions(msgspec.Struct, frozen=True):
    """`expected` means that the configuration names it: then its absence is a fault, and otherwise only said."""

    name: str = "defender"
    expected: bool = False
    pace: Pace = Pace()
    max_rows: int = MAX_ROWS


class DefenderSource(ScannerSource):
    """A `Source` and `Probe`."""

    def __init__(self, graph: ResourceQueries, options: DefenderOptions | None = None) -> None:
        self._options = options or DefenderOptions()
        super().__init__(SourceId(SourceKind.SCANNER, self._options.name), self._options.pace)
        self._graph = graph
        self._pool = Pool()
        self._answered = self._found = False

    async def read(self, round_: Round) -> AsyncGenerator[Sequence[ScanReport], None]:
        """The rows of one image are spread over the pages, so reports come at the end, whole or said not to be."""
        gathering = DefenderReports(self.id, self._pool)
        reason = ""
        try:
            reason = await self._gather(gathering, round_)
        except AuthenticationFailed as error:
            # Where it has answered once, or refused the sign-in itself, it is there: what it says is missing, not unasked.
            if self._options.expected or self._answered or round_.requests():
                raise
            raise Absent(error.headline, error.remedy) from error
        except SourceError as error:
            if not gathering.rows:
                raise
            round_.failures.append(error)
            reason = f"not all findings could be read: {error.headline}"
        if not gathering.rows and not gathering.broken:
            raise self._nothing()
        self._found = True
        if gathering.broken:
            reason = reason or f"{plural(gathering.broken, 'finding')} of Defender could not be read"
            round_.failures.append(SourceError(reason, "See the log; it is read again."))
        yield await asyncio.to_thread(gathering.reports, reason)

    async def _gather(self, gathering: DefenderReports, round_: Round) -> str:
        """Read every page; the reason why the rest was left, empty when nothing was."""
        async with self._graph.open() as session, aclosing(session.pages(QUERY)) as pages:
            round_.requests = lambda: session.requests
            async for page in pages:
                round_.endpoint, round_.identity = session.endpoint, session.identity
                self._answered = True
                # A full page takes longer than a frame.
                await asyncio.to_thread(gathering.add_all, page.rows)
                if page.truncated:
                    return self._cut(round_, f"Resource Graph leaves out some of the findings: it counts {page.total:,}")
                if gathering.rows >= self._options.max_rows:
                    return self._cut(round_, f"only the first {gathering.rows:,} of {plural(page.total, 'finding')} were read")
        return ""

    def _cut(self, round_: Round, reason: str) -> str:
        round_.failures.append(SourceError(reason, "Narrow the `subscriptions` of the scanner in the configuration."))
        return reason

    def _nothing(self) -> SourceError:
        """Where there were findings, none at all means a lost right or plan, not that all is clean or nobody asks."""
        return SourceError(NOTHING, ASK) if self._options.expected or self._found else Absent(NOTHING, ASK)

    async def diagnose(self) -> AsyncGenerator[Diagnosis, None]:
        """Whether a query is answered, and has a row."""
        yield await self._tried()

    async def _tried(self) -> Diagnosis:
        action = "read findings of Defender for Containers"
        try:
            async with self._graph.open() as session, aclosing(session.pages(QUERY)) as pages:
                async for page in pages:
                    if page.rows:
                        return Diagnosis(action, Tried.OK, plural(page.total, "finding"))
                    break
        except Forbidden as error:
            return Diagnosis(action, Tried.DENIED, error.headline, RIGHT, ASK)
        except AuthenticationFailed as error:
            return Diagnosis(action, self._unread, error.headline, remedy=error.remedy)
        except SourceError as error:
            return Diagnosis(action, Tried.FAILED, error.headline, remedy=error.remedy)
        return Diagnosis(action, self._unread, NOTHING, RIGHT, ASK)

    @property
    def _unread(self) -> Tried:
        """How it is called that nothing may be read: no fault where nobody named Defender."""
        return Tried.DENIED if self._options.expected else Tried.OFF

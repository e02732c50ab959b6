"""trivy-operator: the VulnerabilityReports that lie in a cluster, read whole once and then only where they have changed.

Reports are large (up to 1.5 MiB each), so later rounds list metadata alone and read the objects whose version is new.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import msgspec

from tui.domain.common.decoding import DECODING
from tui.domain.common.text import plural
from tui.domain.facts.diagnosis import Diagnosis, Tried
from tui.domain.facts.events import Denial, SourceId, SourceKind
from tui.domain.facts.scan import ScanReport
from tui.errors import Forbidden, NotFound, SourceError, Unreachable, UntrustedPayload, UsageError
from tui.sources.ports import ApiResource, ClusterReader, ClusterSession
from tui.sources.scanners.findings import Pool
from tui.sources.scanners.formats.vulnerability_report import Heading, headings, read_report
from tui.sources.scanners.rounds import Absent, Pace, Round, ScannerSource
from tui.sources.scanners.words import text

__all__ = ["TrivyOperatorSource"]

GROUP = "aquasecurity.github.io/v1alpha1"
RESOURCE = ApiResource(GROUP, "vulnerabilityreports", "VulnerabilityReport")
RIGHT = "list vulnerabilityreports.aquasecurity.github.io"
ASK = "Ask for a ClusterRole that may get and list vulnerabilityreports in aquasecurity.github.io ('view' does not)."
PACE = Pace(refresh=300.0, retry_denied=300.0)
WHOLE_PAGE = 25
"""Objects of a page that is read whole: at the largest, some 40 MiB."""
ONE_BY_ONE = 20
"""Changed reports that are read each by itself; more of them are read by listing everything."""


class TrivyOperatorSource(ScannerSource):
    """A `Source` and `Probe` for one cluster."""

    def __init__(self, reader: ClusterReader, pace: Pace = PACE) -> None:
        id = SourceId(SourceKind.SCANNER, f"trivy-operator/{reader.cluster}")
        super().__init__(id, pace, through=SourceId(SourceKind.CLUSTER, reader.cluster))
        self._reader = reader
        self._versions: dict[str, str] = {}
        self._pool = Pool()

    async def read(self, round_: Round) -> AsyncGenerator[Sequence[ScanReport], None]:
        """The reports of every namespace that may be read."""
        try:
            async with self._reader.open() as session:
                round_.requests = lambda: session.requests
                await self._find(session)
                round_.endpoint = session.endpoint
                async with aclosing(self._everywhere(session, round_)) as batches:
                    async for batch in batches:
                        yield batch
        except UsageError as error:
            raise Unreachable(error.headline, error.remedy) from error

    async def _find(self, session: ClusterSession) -> None:
        """Raises Absent when the cluster does not know the resource."""
        if all(resource.name != RESOURCE.name for resource in await session.resources(GROUP)):
            raise Absent(
                f"trivy-operator is not installed in {self._reader.cluster}",
                "Install it, or leave it: other scanners are read as well.",
            )

    async def _everywhere(self, session: ClusterSession, round_: Round) -> AsyncGenerator[Sequence[ScanReport], None]:
        """Every place that may be read; one that fails does not hide the others."""
        refusals: list[SourceError] = []
        scopes = await self._scopes(session, round_)
        for scope in scopes:
            try:
                async with aclosing(self._scope(session, scope, round_)) as batches:
                    async for batch in batches:
                        yield batch
            except Forbidden as error:
                refusals.append(Forbidden(error.headline, ASK, right=RIGHT))
                round_.denials.append(Denial(f"reports in {scope}", f"{RIGHT} in namespace {scope}", ASK, error.headline))
            except SourceError as error:
                refusals.append(error)
                round_.failures.append(error)
        if len(refusals) == len(scopes):
            raise refusals[0]

    async def _scopes(self, session: ClusterSession, round_: Round) -> tuple[str, ...]:
        """The namespaces asked for, else (as one empty text) the whole cluster, else the namespaces that may be read."""
        if self._reader.namespaces:
            return self._reader.namespaces
        try:
            async with aclosing(session.pages(RESOURCE, size=1, metadata_only=True)) as pages:
                await anext(pages, b"")
        except Forbidden as error:
            scopes = await session.readable(RESOURCE)
            if not scopes:
                raise Forbidden(error.headline, ASK, right=RIGHT) from error
            round_.denials.append(Denial("reports of the whole cluster", f"{RIGHT} cluster-wide", ASK, error.headline))
            return scopes
        return ("",)

    async def _scope(self, session: ClusterSession, scope: str, round_: Round) -> AsyncGenerator[Sequence[ScanReport], None]:
        """The reports of one namespace, or (empty) of all: whole at first, later those that have changed."""
        if self._versions:
            index = await self._index(session, scope)
            changed = [heading for key, heading in index.items() if self._changed(key, heading)]
            if len(changed) <= ONE_BY_ONE:
                same = index.keys() - {heading.key for heading in changed}
                yield [self._known[key] for key in index if key in same and key in self._known]
                yield [report for heading in changed if (report := await self._one(session, heading)) is not None]
                return
        async with aclosing(session.pages(RESOURCE, scope, size=WHOLE_PAGE)) as pages:
            async for page in pages:
                reports, broken = await asyncio.to_thread(self._page, page)
                if broken:
                    round_.failures.append(_unreadable(broken))
                yield reports

    def _changed(self, key: str, heading: Heading) -> bool:
        return key not in self._known or self._versions.get(key) != heading.metadata.resource_version

    async def _index(self, session: ClusterSession, scope: str) -> dict[str, Heading]:
        by_key: dict[str, Heading] = {}
        async with aclosing(session.pages(RESOURCE, scope, metadata_only=True)) as pages:
            async for page in pages:
                by_key |= {heading.key: heading for heading, _ in _headings(page)[0]}
        return by_key

    async def _one(self, session: ClusterSession, heading: Heading) -> ScanReport | None:
        """One object as it is now; None when it has gone in between."""
        try:
            body = await session.item(RESOURCE, heading.metadata.namespace, heading.metadata.name)
            report = read_report(self.id, self._reader.cluster, body, self._pool)
        except NotFound:
            return None
        except DECODING as error:
            raise _foreign(error) from error
        self._versions[heading.key] = heading.metadata.resource_version
        return report

    def _page(self, page: bytes) -> tuple[list[ScanReport], int]:
        objects, broken = _headings(page)
        reports = []
        for heading, raw in objects:
            reports.append(read_report(self.id, self._reader.cluster, raw, self._pool))
            self._versions[heading.key] = heading.metadata.resource_version
        return reports, broken

    async def diagnose(self) -> AsyncGenerator[Diagnosis, None]:
        """Whether the resource is known, and may be listed."""
        yield await self._tried()

    async def _tried(self) -> Diagnosis:
        action = f"list vulnerabilityreports in {self._reader.cluster}"
        try:
            async with self._reader.open() as session:
                await self._find(session)
                round_ = Round()
                scopes = await self._scopes(session, round_)
        except Absent as error:
            return Diagnosis(action, Tried.OFF, error.headline, remedy=error.remedy)
        except Forbidden as error:
            return Diagnosis(action, Tried.DENIED, error.headline, RIGHT, ASK)
        except (SourceError, UsageError) as error:
            return Diagnosis(action, Tried.FAILED, error.headline, remedy=error.remedy)
        if round_.denials:
            return Diagnosis(action, Tried.DENIED, f"only in {plural(len(scopes), 'namespace')}", f"{RIGHT} cluster-wide", ASK)
        return Diagnosis(action, Tried.OK)


def _headings(page: bytes) -> tuple[list[tuple[Heading, msgspec.Raw]], int]:
    try:
        return headings(page)
    except DECODING as error:
        raise _foreign(error) from error


def _foreign(error: Exception) -> UntrustedPayload:
    return UntrustedPayload(
        f"the API server sent something other than VulnerabilityReports: {text(str(error), 120)}",
        "Check which version of trivy-operator is installed.",
    )


def _unreadable(number: int) -> UntrustedPayload:
    return UntrustedPayload(
        f"{number} VulnerabilityReports have no name that could be read", "Look at them with kubectl; others are not affected."
    )

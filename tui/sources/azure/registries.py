"""Which registries are ours: asked of Azure Resource Graph with the identity that would sign in to them.

Resource Graph shows what the identity may read and nothing else, so a registry that it lists belongs to our organisation; one
that it does not list may be anybody's, however its name looks. Where it cannot be asked, nothing is known.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing

import msgspec

from tui.domain.facts.events import Owner, Ownership
from tui.errors import Forbidden, SourceError, Unreachable
from tui.sources.kit.entries import OddEntry, entries, present
from tui.sources.kit.requestlog import reason
from tui.sources.ports import ResourceQueries

__all__ = ["QUERY", "OwnRegistries"]

_log = logging.getLogger(__name__)
# The form of the recordings: `project` keeps `id`, and `order by` makes the pages stable (learn: paginating results).
QUERY = (
    "resources | where type =~ 'microsoft.containerregistry/registries' "
    "| project id, loginServer = properties.loginServer | order by id asc"
)
AGAIN = 600.0
AGAIN_AFTER_FAILURE = 60.0
PATIENCE = 20.0
"""Seconds that all pages may take once somebody is signed in: registries wait for the answer."""
MOST = 20_000


class _Row(msgspec.Struct, rename="camel"):
    login_server: str | None = None


class _Listing(msgspec.Struct, frozen=True):
    """What was answered: hosts, by whom they are seen, and why more may be ours; `expires` in seconds of the clock."""

    expires: float
    hosts: frozenset[str] = frozenset()
    identity: str = ""
    reason: str = ""

    def ownership(self, host: str) -> Ownership:
        """Whose a registry is by this answer."""
        if host in self.hosts:
            return Ownership(Owner.OURS, f"is listed by Azure Resource Graph for {self.identity}")
        if self.reason:
            return Ownership(Owner.UNKNOWN, f"could not be asked: {self.reason}")
        return Ownership(Owner.FOREIGN, f"is not among the registries that Azure Resource Graph lists for {self.identity}")


class OwnRegistries:
    """Asks once for all registries; the answer is kept for a while, a failure for a shorter one."""

    def __init__(self, graph: ResourceQueries, clock: Callable[[], float]) -> None:
        self._graph, self._clock = graph, clock
        self._asking = asyncio.Lock()
        self._listing: _Listing | None = None

    async def ownership(self, host: str) -> Ownership:
        """Whose a registry is; UNKNOWN with the reason where that cannot be asked."""
        async with self._asking:
            if self._listing is None or self._listing.expires <= self._clock():
                self._listing = await self._asked()
            return self._listing.ownership(host.lower())

    async def _asked(self) -> _Listing:
        try:
            return await self._read()
        except TimeoutError:
            error: SourceError = Unreachable(f"Azure Resource Graph did not answer in full within {PATIENCE:g} s", "")
        except SourceError as refused:
            error = refused
        _log.info("which registries are ours is not known: %s", reason(error))
        # A missing right stays missing for longer than a connection does.
        wait = AGAIN if isinstance(error, Forbidden) else AGAIN_AFTER_FAILURE
        return _Listing(self._clock() + wait, reason=error.headline.removesuffix("."))

    async def _read(self) -> _Listing:
        hosts, odd = set[str](), 0
        async with self._graph.open() as session:
            await session.sign_in()
            async with asyncio.timeout(PATIENCE), aclosing(session.pages(QUERY)) as pages:
                async for page in pages:
                    rows = entries(present(page.rows), _Row)
                    servers = (row.login_server for row in rows if not isinstance(row, OddEntry))
                    hosts.update(server.lower() for server in servers if server)
                    odd += sum(isinstance(row, OddEntry) for row in rows)
                    if page.truncated or len(hosts) > MOST:
                        return self._partial(hosts, session.identity, "leaves out some of the registries")
            _log.info("%d registries are ours, as %s", len(hosts), session.identity)
            if odd:
                return self._partial(
                    hosts, session.identity, f"describes {'a registry' if odd == 1 else f'{odd} registries'} in an unknown form"
                )
            return _Listing(self._clock() + AGAIN, frozenset(hosts), session.identity)

    def _partial(self, hosts: set[str], who: str, why: str) -> _Listing:
        """What is listed is ours; of what is not, nobody can tell."""
        return _Listing(self._clock() + AGAIN, frozenset(hosts), who, f"Azure Resource Graph {why}")

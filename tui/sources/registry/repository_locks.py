"""A lock on a whole repository of an ACR, which counts as one on each tag and manifest in it.

Sources: `GET /acr/v1/{name}` with `changeableAttributes`, as recorded; learn.microsoft.com, "Lock a container image in an Azure
container registry" ("To lock the myrepo repository and all images in it").
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote

import msgspec

from tui.domain.facts.image import Locks, ManifestListing, Tag
from tui.errors import NotFound, SourceError, Unreachable
from tui.sources.kit.throttle import RequestClass
from tui.sources.kit.transport import decode_json
from tui.sources.registry.client import RegistryClient
from tui.sources.registry.parse import locks
from tui.sources.registry.request import Request
from tui.sources.registry.wire import AcrRepository

__all__ = ["RepositoryLocks", "may_be_deleted", "under"]

T = TypeVar("T", Tag, ManifestListing)
KEPT = 60.0
"""Seconds for which an answer holds: the lists of tags and of manifests are read one after the other."""


class RepositoryLocks:
    """Asks for the attributes of repositories, each once for its lists."""

    def __init__(self, client: RegistryClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._clock = client, clock
        self._answers: dict[str, tuple[float, Locks | None]] = {}

    async def of(self, repository: str, for_rest: bool) -> Locks | None:
        """What may be done with a repository; None where that is not known. Raises Unreachable."""
        now = self._clock()
        kept = self._answers.get(repository)
        if kept is not None and now - kept[0] < KEPT:
            return kept[1]
        self._answers = {name: answer for name, answer in self._answers.items() if now - answer[0] < KEPT}
        answer = await self._asked(repository, for_rest)
        self._answers[repository] = (now, answer)
        return answer

    async def _asked(self, repository: str, for_rest: bool) -> Locks | None:
        context = self._client.asked_list(f"the attributes of {repository}", repository)
        request = Request(
            path=f"/acr/v1/{quote(repository, safe='')}",
            context=context,
            scope=self._client.repository_scope(repository),
            kind=RequestClass.LIST,
            for_rest=for_rest,
        )
        try:
            reply = await self._client.fetch(request)
            return locks(decode_json(reply.body, AcrRepository, context.resource).changeable_attributes) or Locks()
        except NotFound:
            return Locks()  # nothing of that name has a lock
        except Unreachable:
            raise
        except SourceError:
            return None


def may_be_deleted(row: Tag | ManifestListing) -> bool:
    """Whether a row has no lock of its own, as far as it tells."""
    return row.locks is not None and row.locks.delete and row.locks.write


def under(row: T, repository: Locks | None) -> T:
    """A row with what its repository's lock adds; what has none of its own, and may have that, is not known."""
    own = row.locks
    if own is None or not may_be_deleted(row):
        return row
    if repository is None:
        return msgspec.structs.replace(row, locks=None)
    if repository.delete and repository.write:
        return row
    return msgspec.structs.replace(row, locks=msgspec.structs.replace(own, delete=repository.delete, write=repository.write))

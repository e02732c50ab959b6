"""What may be changed of a repository or an image of an ACR, asked of each alone, by `azure-containerregistry`.

The package makes the requests and reads the answers; what carries them is ours (`sdk_transport`): token, host, budget, limits and
log. It is loaded in a thread, when the first question is asked.
"""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from tui.packages import load_package
from tui.sources.registry.client import RegistryClient

__all__ = ["Attributes", "Changeable"]


class Changeable(NamedTuple):
    """ACR's changeable attributes: what is locked cannot be deleted, or not be overwritten."""

    delete: bool
    write: bool

    @property
    def words(self) -> str:
        """For the operator."""
        locked = [verb for verb, allowed in (("deleted", self.delete), ("overwritten", self.write)) if not allowed]
        return f"is locked: it cannot be {' or '.join(locked)}" if locked else "is not locked"


class Attributes:
    """The attributes of what one ACR holds. Methods raise SourceError."""

    def __init__(self, client: RegistryClient) -> None:
        self._client = client
        self._sdk: Any = None

    async def of_repository(self, repository: str) -> Changeable:
        """Those of a repository."""
        sdk = await self._open()
        context = self._client.asked_list(f"the attributes of {repository}", repository)
        return _changeable(await sdk.properties_of_repository(repository, context))

    async def of_manifest(self, repository: str, digest: str) -> Changeable:
        """Those of a manifest."""
        sdk = await self._open()
        context = self._client.asked_list(f"the attributes of {repository}@{digest[:19]}", repository)
        return _changeable(await sdk.properties_of_manifest(repository, digest, context))

    async def _open(self) -> Any:
        if self._sdk is None:
            module = await asyncio.to_thread(load_package, "tui.sources.registry.sdk_transport")
            self._sdk = module.RegistrySdk(self._client)
        return self._sdk


def _changeable(properties: Any) -> Changeable:
    """An attribute that is not told is not locked, as in lists."""
    return Changeable(delete=properties.can_delete is not False, write=properties.can_write is not False)

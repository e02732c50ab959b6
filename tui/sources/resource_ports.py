"""What sources need of Azure Resource Manager and of what it says about resources: handed over by the wiring."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Protocol

import msgspec

__all__ = ["ArmRequest", "ManagedCluster", "RegistryResources", "ResourceManager"]


class ArmRequest(msgspec.Struct, frozen=True):
    """A request to Azure Resource Manager. `path` begins with `/` and has its query; `purpose` is what it is for, after "to".

    `right` is the action that it needs, `ask_for` the role that has it and where; `body` is sent as JSON with a POST.
    """

    path: str
    purpose: str
    right: str = ""
    ask_for: str = ""
    body: object = None


class ResourceManager(Protocol):
    """Azure Resource Manager, signed in. Every method raises SourceError."""

    @property
    def endpoint(self) -> str:
        """Its host."""
        ...

    @property
    def identity(self) -> str:
        """Who is signed in, in words; empty before the first answer."""
        ...

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        ...

    async def read(self, request: ArmRequest) -> bytes:
        """The answer to a GET, in JSON."""
        ...

    async def ask(self, request: ArmRequest) -> bytes:
        """The answer to a POST that changes nothing, and may be sent again: keys, addresses, checks."""
        ...

    def pages(self, request: ArmRequest) -> AsyncGenerator[tuple[msgspec.Raw, ...], None]:
        """What a list holds, page by page."""
        ...

    async def change(self, request: ArmRequest) -> bytes:
        """The answer to a POST that changes something, sent once; empty where it has none.

        Raises OutcomeUnknown when it may have been done although no answer says so; any other error says that it was not.
        """
        ...

    def by_its_clock(self, moment: datetime) -> datetime:
        """A moment of ours by the clock of Azure, as its answers tell it."""
        ...

    async def close(self) -> None:
        """End its connections."""
        ...


class RegistryResources(Protocol):
    """Somebody who knows the resources of registries by their hosts."""

    async def resource_id(self, host: str) -> str:
        """The resource id of a registry. Raises SourceError, NotFound when nobody signed in here sees such a registry."""
        ...


class ManagedCluster(Protocol):
    """A cluster whose kubeconfig and tokens a cloud gives, instead of a file and a program."""

    async def kubeconfig(self) -> bytes:
        """The kubeconfig for who is signed in, as YAML. Raises SourceError."""
        ...

    async def token(self, server_id: str) -> tuple[str, datetime]:
        """A token for the API server, which goes by this id, and when it ends. Raises AuthenticationFailed."""
        ...

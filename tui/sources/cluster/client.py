"""`kubernetes.aio`'s client, for what is rare and for what changes something: it makes the requests, our own `Api` sends them.

So each has the address, certificates, credential (renewed when it ends), proxy, impersonation, limits, log and errors of every
other request to that server, and what comes back is decoded as strictly. Loading the client takes half a second of a processor:
that happens in a thread, when the first such request is made.
"""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import msgspec

from tui.errors import UntrustedPayload
from tui.sources.cluster.api import Api
from tui.sources.cluster.kinds import ResourceKind
from tui.sources.cluster.reviews import decode_answer

__all__ = ["ClusterClient"]

_WHAT = "ask what we may do"


class _AccessStatus(msgspec.Struct):
    allowed: bool = False


class _AccessReview(msgspec.Struct):
    status: _AccessStatus | None = None


class ClusterClient:
    """What is asked of one API server, or done to it, by the client of the `kubernetes` package. Methods raise SourceError."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._authorization: Any = None
        self._opening = asyncio.Lock()

    async def may(self, kind: ResourceKind, verb: str, namespace: str) -> bool:
        """Whether we may do this to a resource in a namespace, or (empty) in all of them."""
        return await self.may_do(kind.group, str(kind.resource), verb, namespace)

    async def may_do(self, group: str, resource: str, verb: str, namespace: str) -> bool:
        """As `may`, for a resource of any group."""
        async with self._opening:
            if self._authorization is None:
                self._authorization = await asyncio.to_thread(_authorization_of, _Connection(self._api))
        attributes = {"namespace": namespace, "verb": verb, "group": group, "resource": resource}
        answer: _Answer = await self._authorization.create_self_subject_access_review_without_preload_content(
            {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SelfSubjectAccessReview",
                "spec": {"resourceAttributes": attributes},
            }
        )
        status = decode_answer(answer.body, _AccessReview, _WHAT, self._api.host).status
        if status is None:
            raise UntrustedPayload(
                f"{self._api.host} did not answer what we may do as an API server does.",
                "Check what answers in the API server's place.",
            )
        return status.allowed


class _Answer(NamedTuple):
    """A success; `status` and `reason` are what the client reads of it."""

    body: bytes
    status: int = 201
    reason: str = "Created"


class _Connection:
    """Stands where the client holds its HTTP session: what it wants sent is sent by our own."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def request(self, *, method: str, url: str, data: str, **_limits: object) -> _Answer:
        """The answer to a review, whose URL is a path. Raises SourceError."""
        assert method == "POST"
        return _Answer(await self._api.review(url, msgspec.Raw(data.encode()), what=_WHAT))

    async def close(self) -> None:
        """Nothing to do: our own connection is closed by its owner."""


def _authorization_of(connection: Any) -> Any:
    """The package's reviews of what we may do, over a connection. Loads the package: not for the event loop."""
    from kubernetes.aio.client import ApiClient, AuthorizationV1Api, Configuration

    client = ApiClient(Configuration(host=""))
    client.rest_client.pool_manager = connection
    return AuthorizationV1Api(client)

"""`kubernetes.aio`'s client, for what is rare and for what changes something: it makes the requests, our own `Api` sends them.

So each has the address, certificates, credential (renewed when it ends), proxy, impersonation, limits, log and errors of every
other request to that server, and what comes back is decoded as strictly. Loading the client takes half a second of a processor:
that happens in a thread, when the first such request is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, NamedTuple

import msgspec

from tui.errors import UntrustedPayload
from tui.packages import load_package
from tui.sources.cluster.api import Api, ChangeAnswer
from tui.sources.cluster.kinds import ResourceKind
from tui.sources.cluster.reviews import decode_answer

__all__ = ["FIELD_MANAGER", "ClusterClient", "PatchTarget", "load_client"]

FIELD_MANAGER = "trustree"
_PACKAGE = "kubernetes.aio.client"
_PURPOSE = "ask what we may do"
# The right that a patch needs, in words: the client's own methods have no place for it.
_purpose: ContextVar[str] = ContextVar("purpose")


class PatchTarget(NamedTuple):
    """The object that a patch is for; `resource` is the plural."""

    api_version: str
    resource: str
    namespace: str
    name: str


class _Apis(NamedTuple):
    """The package's APIs; its types say nothing that ours do not."""

    authorization: Any
    objects: Any
    core: Any


class _AccessStatus(msgspec.Struct):
    allowed: bool = False


class _AccessReview(msgspec.Struct):
    status: _AccessStatus | None = None


class ClusterClient:
    """What is asked of one API server, or done to it, by the client of the `kubernetes` package. Methods raise SourceError."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._apis: _Apis | None = None
        self._opening = asyncio.Lock()

    async def may(self, kind: ResourceKind, verb: str, namespace: str) -> bool:
        """Whether we may do this to a resource in a namespace, or (empty) in all of them."""
        return await self.may_do(kind.group, str(kind.resource), verb, namespace)

    async def may_do(self, group: str, resource: str, verb: str, namespace: str, name: str = "") -> bool:
        """As `may`, for a resource of any group, and perhaps for the one of this name only."""
        attributes = {"namespace": namespace, "verb": verb, "group": group, "resource": resource}
        if name:
            attributes["name"] = name
        apis = await self._open()
        answer: _Answer = await apis.authorization.create_self_subject_access_review_without_preload_content(
            {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SelfSubjectAccessReview",
                "spec": {"resourceAttributes": attributes},
            }
        )
        status = decode_answer(answer.body, _AccessReview, _PURPOSE, self._api.host).status
        if status is None:
            raise UntrustedPayload(
                f"{self._api.host} did not answer what we may do as an API server does.",
                "Check what answers in the API server's place.",
            )
        return status.allowed

    async def patch(self, target: PatchTarget, body: object, content_type: str, *, purpose: str) -> ChangeAnswer:
        """Send a patch of an object, once, as the field manager `trustree`; nothing is ever forced.

        Raises OutcomeUnknown when it may have been done, any other SourceError when nothing was.
        """
        apis = await self._open()
        group, _, version = target.api_version.rpartition("/")
        _purpose.set(purpose)
        answer: _Answer
        if group:
            answer = await apis.objects.patch_namespaced_custom_object_without_preload_content(
                group,
                version,
                target.namespace,
                target.resource,
                target.name,
                body,
                field_manager=FIELD_MANAGER,
                _content_type=content_type,
            )
        else:  # the package has no call for any resource of the core group, and of its workloads only this one is changed
            assert target.resource == "replicationcontrollers"
            answer = await apis.core.patch_namespaced_replication_controller_without_preload_content(
                target.name, target.namespace, body, field_manager=FIELD_MANAGER, _content_type=content_type
            )
        return ChangeAnswer(answer.body, answer.request)

    async def _open(self) -> _Apis:
        async with self._opening:
            if self._apis is None:
                self._apis = await asyncio.to_thread(_apis_over, self._api)
        return self._apis


class _Answer(NamedTuple):
    body: bytes
    status: int = 201
    reason: str = "Created"
    request: str = ""


class _Connection:
    """Stands where the client holds its HTTP session: what it wants sent is sent by our own."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def request(self, *, method: str, url: str, data: str, headers: Mapping[str, str], **_limits: object) -> _Answer:
        """The answer to a review or a patch, whose URL is a path. Raises SourceError."""
        content = data.encode()
        if method == "PATCH":
            answer = await self._api.change(url, content, headers["Content-Type"], purpose=_purpose.get())
            return _Answer(answer.body, 200, "OK", answer.request)
        assert method == "POST"
        return _Answer(await self._api.review(url, msgspec.Raw(content), purpose=_PURPOSE))

    async def close(self) -> None:
        """Nothing to do: our own connection is closed by its owner."""


def load_client() -> None:
    """Import the package. Not for the event loop."""
    load_package(_PACKAGE)


def _apis_over(api: Api) -> _Apis:
    """The package's APIs over our connection. Loads the package: not for the event loop."""
    load_client()
    from kubernetes.aio.client import ApiClient, AuthorizationV1Api, Configuration, CoreV1Api, CustomObjectsApi

    client = ApiClient(Configuration(host=""))
    connection: Any = _Connection(api)
    client.rest_client.pool_manager = connection
    return _Apis(AuthorizationV1Api(client), CustomObjectsApi(client), CoreV1Api(client))

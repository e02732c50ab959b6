"""What the API server says about ourselves and itself: who we are, its namespaces, its version.

Source: kubernetes.io/docs/reference/kubernetes-api/authentication-resources.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from tui.domain.common.decoding import DECODING, from_json
from tui.domain.common.text import clean
from tui.errors import Forbidden, NotFound, UntrustedPayload
from tui.sources.cluster.api import Api
from tui.sources.cluster.failures import cut_list, decode_error
from tui.sources.cluster.wire import ListMeta, NamespaceObject

__all__ = ["answers", "decode_answer", "known_by", "list_namespaces", "server_version", "whoami"]

MAX_NAMESPACES = 100_000
_Shape = TypeVar("_Shape")


class _UserInfo(msgspec.Struct):
    username: str = ""


class _SelfStatus(msgspec.Struct, rename="camel"):
    user_info: _UserInfo | None = None


class _SelfReview(msgspec.Struct):
    status: _SelfStatus | None = None


class _Namespaces(msgspec.Struct):
    metadata: ListMeta
    items: list[NamespaceObject] | None = None


class _ListAnswer(msgspec.Struct):
    kind: str
    metadata: ListMeta


class _Version(msgspec.Struct, rename="camel"):
    git_version: str = ""


async def whoami(api: Api) -> str:
    """The name by which the server knows us (Kubernetes 1.28 and later), empty when it does not say. Raises SourceError."""
    path, group = "/apis/authentication.k8s.io/v1/selfsubjectreviews", "authentication.k8s.io/v1"
    request = "ask who we are"
    body = await api.review(path, {"apiVersion": group, "kind": "SelfSubjectReview"}, purpose=request)
    status = decode_answer(body, _SelfReview, request, api.host).status
    return clean(status.user_info.username, 200) if status and status.user_info else ""


async def known_by(api: Api) -> tuple[str, ...]:
    """What the cluster is known by, whatever contexts call it. Raises SourceError when the server does not answer at all."""
    request = "get namespaces"
    try:
        body = await api.get("/api/v1/namespaces/kube-system", purpose=request)
        uid = clean(decode_answer(body, NamespaceObject, request, api.host).metadata.uid, 64)
    except (Forbidden, NotFound, UntrustedPayload):
        uid = ""
    return (*((api.place,) if api.place else ()), *((f"uid {uid}",) if uid else ()))


async def answers(api: Api, path: str, purpose: str) -> None:
    """Ask for one object of a list. Raises SourceError, also where the answer is not a list in the protocol's form."""
    if not decode_answer(await api.get(path, {"limit": 1}, purpose=purpose), _ListAnswer, purpose, api.host).kind.endswith(
        "List"
    ):
        raise UntrustedPayload(
            f"{api.host} answered the request to {purpose}, but not as an API server does.",
            "Check 'server' in the kubeconfig, and whether a proxy answers in its place.",
        )


async def list_namespaces(api: Api) -> tuple[str, ...]:
    """All namespaces. Raises SourceError, Forbidden when they may not be listed."""
    names: list[str] = []
    token, request = "", "list namespaces"
    while True:
        parameters: dict[str, str | int] = {"limit": 500, "continue": token} if token else {"limit": 500}
        page = decode_answer(await api.get("/api/v1/namespaces", parameters, purpose=request), _Namespaces, request, api.host)
        names += [clean(item.metadata.name, 253) for item in page.items or ()]
        token = page.metadata.continue_token
        remaining = page.metadata.remaining_item_count or 0
        if not token and remaining > 0:
            raise cut_list(api.host, "namespaces", remaining)
        if not token:
            return tuple(names)
        if len(names) > MAX_NAMESPACES or not page.items:
            raise UntrustedPayload(
                f"{api.host} sends a list of namespaces without end.", "Name the namespaces that matter: -n NAME."
            )


async def server_version(api: Api) -> str:
    """The server's version, e.g. `v1.31.4`. Raises SourceError."""
    request = "read the server's version"
    return clean(decode_answer(await api.get("/version", purpose=request), _Version, request, api.host).git_version, 60)


def decode_answer(body: bytes, shape: type[_Shape], purpose: str, host: str) -> _Shape:
    """The answer as this struct. Raises UntrustedPayload."""
    try:
        return from_json(body, shape)
    except DECODING as error:
        raise decode_error(purpose, host) from error

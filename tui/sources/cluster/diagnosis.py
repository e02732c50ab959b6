"""What `doctor` says of a cluster: reachable, who we are, and each right that reading needs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from tui.domain.common.text import plural
from tui.domain.facts.diagnosis import Diagnosis, Tried
from tui.errors import AuthenticationFailed, SourceError, UsageError
from tui.sources.cluster.access import ClusterContext, find_place
from tui.sources.cluster.api import Api
from tui.sources.cluster.client import ClusterClient
from tui.sources.cluster.failures import remedy_for
from tui.sources.cluster.kinds import KINDS, ResourceKind
from tui.sources.cluster.options import ClusterOptions
from tui.sources.cluster.reviews import list_namespaces, server_version, whoami

__all__ = ["diagnose"]

_VERBS = ("list", "watch")


async def diagnose(options: ClusterOptions) -> AsyncGenerator[Diagnosis, None]:
    """Try the kubeconfig, the connection, the sign-in and each right, in this order; a failure ends what depends on it."""
    try:
        place = await asyncio.to_thread(find_place, options)
    except UsageError as error:
        yield Diagnosis("kubeconfig", Tried.FAILED, error.headline, remedy=error.remedy)
        return
    yield Diagnosis("kubeconfig", Tried.OK, f"context {place.context}, namespace {place.namespace}")
    async with Api(place, options) as api:
        reached = await _reach(api)
        for remark in api.remarks:
            yield Diagnosis("kubeconfig", Tried.OK, remark)
        for diagnosis in reached:
            yield diagnosis
        if all(diagnosis.state is Tried.OK for diagnosis in reached):
            for diagnosis in await _rights(api, place, options):
                yield diagnosis


async def _reach(api: Api) -> list[Diagnosis]:
    try:
        version = await server_version(api)
        diagnoses = [Diagnosis("reachable", Tried.OK, f"{api.host} {version}")]
    except AuthenticationFailed as error:
        return [Diagnosis("signed in", Tried.DENIED, error.headline, "sign-in", error.remedy)]
    except SourceError as error:
        return [Diagnosis("reachable", Tried.FAILED, error.headline, remedy=error.remedy)]
    try:
        identity = await whoami(api)
        return [*diagnoses, Diagnosis("signed in", Tried.OK, identity or "the server does not say as whom", identity=identity)]
    except SourceError as error:
        return [*diagnoses, Diagnosis("signed in", Tried.FAILED, error.headline, remedy=error.remedy)]


async def _rights(api: Api, place: ClusterContext, options: ClusterOptions) -> list[Diagnosis]:
    client, scopes = ClusterClient(api), options.namespaces or ("",)
    async with asyncio.TaskGroup() as group:
        checks = [
            group.create_task(_right(client, kind, scope)) for kind in KINDS for scope in (scopes if kind.namespaced else ("",))
        ]
    diagnoses = [check.result() for check in checks]
    if options.namespaces or all(item.state is Tried.OK for item in diagnoses):
        return diagnoses
    return [*diagnoses, await _namespaces(api), await _right(client, KINDS[0], place.namespace)]


async def _right(client: ClusterClient, kind: ResourceKind, scope: str) -> Diagnosis:
    name = kind.right(scope, "read")
    try:
        missing = [verb for verb in _VERBS if not await client.may(kind, verb, scope)]
    except SourceError as error:
        return Diagnosis(name, Tried.FAILED, error.headline, remedy=error.remedy)
    if not missing:
        return Diagnosis(name, Tried.OK)
    right = kind.right(scope, " and ".join(missing))
    return Diagnosis(name, Tried.DENIED, f"No right to {right}.", right, remedy_for(right))


async def _namespaces(api: Api) -> Diagnosis:
    try:
        return Diagnosis("list namespaces", Tried.OK, plural(len(await list_namespaces(api)), "namespace"))
    except SourceError as error:
        return Diagnosis(
            "list namespaces", Tried.DENIED, error.headline, "list namespaces", "Name the namespaces that you may read with -n."
        )

"""Composition root: the only module that names concrete sources."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tui.domain.facts.asking import AuthMode, RegistryKind
from tui.domain.facts.build import BuilderKind
from tui.domain.facts.configured import ConfiguredBase
from tui.domain.facts.diagnosis import Diagnosis, Tried
from tui.domain.facts.events import BasesConfigured, Event, SourceHealth, SourceState
from tui.domain.facts.patterns import parse_pattern
from tui.domain.facts.reference import normalize_registry
from tui.domain.policy.policy import built_in
from tui.errors import InvalidConfig
from tui.estate.content import ContentCache
from tui.estate.estate import Estate
from tui.estate.inquiries import SourceInquiries
from tui.settings.settings import RegistrySettings, Settings
from tui.sources.admission import GateSource
from tui.sources.azure.credentials import EntraCredentials
from tui.sources.builders.acr.source import AcrTasksSource
from tui.sources.builders.source import ConfiguredSource
from tui.sources.cluster import ClusterOptions, ClusterSource
from tui.sources.kit.clouds import cloud_of_sign_in
from tui.sources.kit.credentials import Credentials, DockerConfig
from tui.sources.kit.throttle import budgets_for
from tui.sources.ports import AttachmentReader, DemandSource, Source
from tui.sources.registry.attachments import RegistryAttachments
from tui.sources.registry.content import MemoryStore
from tui.sources.registry.options import RegistryOptions
from tui.sources.registry.room import Room
from tui.sources.registry.source import RegistrySource
from tui.sources.signatures.source import SignatureSource
from tui.wiring.azure import acr_builder, acr_tasks_source, aks_access, own_registries, with_clusters
from tui.wiring.builders import NO_LIMIT, builder_sources, configured_builders, told_jobs
from tui.wiring.clusters import cluster_options, context_names, pinned
from tui.wiring.content import cache_state, cache_words, content_cache
from tui.wiring.embedded import embedded
from tui.wiring.examination import LEARNING, REQUEST, DemandRecorder, Examined, examine
from tui.wiring.policy_watch import PolicyWatch
from tui.wiring.scanners import AnyScanner, scanner_sources
from tui.wiring.signatures import signature_source

if TYPE_CHECKING:
    from tui.actions.actions import Actions
    from tui.sources.cluster.objects import KubeObjects
    from tui.wiring.acting import AnyBuilder

__all__ = ["diagnose", "open_estate", "open_to_act"]

_Made = ClusterSource | RegistrySource | SignatureSource | GateSource | AnyScanner | ConfiguredSource | AcrTasksSource


@asynccontextmanager
async def open_estate(settings: Settings, *, once: bool = False) -> AsyncIterator[Estate]:
    """The living estate of the clusters and registries that the settings name, running while the context lasts.

    Tasks of registries are read for who stays, and when the estate is told to. Raises TrustreeError.
    `tui.wiring.opening` is the way here, for the demo too.
    """
    settings = await _settled(settings)
    cache = content_cache(settings)
    try:
        parts = _SourceParts(settings, cache, once=once)
        async with _estate(parts).running() as estate:
            yield estate
    finally:
        if cache is not None:
            await cache.close()


@asynccontextmanager
async def open_to_act(settings: Settings) -> AsyncIterator[tuple[Estate, Actions]]:
    """The same estate, followed on, with what changes it where that is allowed. Raises TrustreeError."""
    settings = await _settled(settings)
    cache = content_cache(settings)
    try:
        parts = _SourceParts(settings, cache)
        async with _estate(parts).running() as estate, parts.actions(estate).running() as actions:
            yield estate, actions
    finally:
        if cache is not None:
            await cache.close()


async def diagnose(settings: Settings, report: Callable[[str, int], None]) -> Sequence[Examined]:
    """Every source that the settings name, with what it can and cannot read. Raises TrustreeError.

    Registries are those named and those of the images that run, as far as the clusters tell at once. `report` is told the name
    of each source that was tried, and how many are left.
    """
    if settings.request_timeout is None:
        settings = msgspec.structs.replace(settings, request_timeout=REQUEST)
    async with AsyncExitStack() as stack:
        if settings.demo:
            settings = await stack.enter_async_context(embedded(settings))
        settings = await _settled(settings)
        examined = await _examined(_SourceParts(settings), report)
        return [*examined, await asyncio.to_thread(_cache_examined, settings)] if examined else examined


class _SourceParts:
    """The sources that settings describe; credentials are shared, so that one sign-in serves all."""

    def __init__(self, settings: Settings, cache: ContentCache | None = None, *, once: bool = False) -> None:
        self._settings, self._cache, self._once, self._with_tasks = settings, cache, once, not once
        self.met: Callable[[Source], None] = lambda _: None
        self.made: list[_Made] = []
        self._registries: dict[str, RegistrySource] = {}
        self._reached: dict[str, ClusterOptions] = {}
        self._store, self._room = cache or MemoryStore(), Room()
        entra = EntraCredentials(os.environ, clock=time.time) if settings.azure else None
        self._credentials = Credentials(
            docker=DockerConfig.from_environment(os.environ),
            entra=entra,
            owners=own_registries(settings, entra, os.environ),
            cloud=cloud_of_sign_in(os.environ),
        )

    @property
    def named(self) -> tuple[str, ...]:
        """The registries that the command line or the settings name and that may be asked."""
        hosts = (host for host, registry in self._settings.registry.items() if registry.ask)
        return tuple(dict.fromkeys(normalize_registry(host) for host in (*self._settings.registries, *hosts)))

    def others(self, clusters: Sequence[ClusterSource]) -> list[Source]:
        """What is told of the images that the clusters run, besides their registries."""
        return [*self.gates(clusters), self.signatures(), *self.scanners(clusters), *self.builders()]

    def gates(self, clusters: Sequence[ClusterSource]) -> list[GateSource]:
        """One source per cluster for what guards it."""
        gates = [GateSource(cluster.reader()) for cluster in clusters]
        self.made += gates
        return gates

    def scanners(self, clusters: Sequence[ClusterSource]) -> list[AnyScanner]:
        """The scanners; they read clusters, and content of registries, by what those sources hand out."""
        readers = [cluster.reader() for cluster in clusters]
        scanners = scanner_sources(self._settings, readers, self._registries.get, self._credentials.entra, os.environ)
        self.made += scanners
        return scanners

    def builders(self) -> list[ConfiguredSource]:
        """The builders that the settings name."""
        sources = builder_sources(self._settings, self._credentials.entra, os.environ)
        self.made += sources
        return sources

    def actions(self, estate: Estate) -> Actions:
        """What acts on the estate."""
        from tui.wiring.acting import actions_of

        return actions_of(
            self._settings,
            estate,
            self._credentials,
            self._builder,
            self._reached.get,
            lambda host: _registry_options(
                self._settings, host, self._settings.registry.get(host, RegistrySettings()), by_name=host in self.named
            ),
        )

    def _builder(self, kind: BuilderKind, name: str) -> AnyBuilder | None:
        """One that acts, with connections of its own."""
        settings, entra = self._settings, self._credentials.entra
        if kind is BuilderKind.ACR_TASKS:
            return acr_builder(settings, entra, os.environ, name)
        builders = configured_builders(settings, entra, os.environ)
        return next((builder for builder in builders if (builder.kind, builder.name) == (kind, name)), None)

    def signatures(self) -> SignatureSource:
        """The source of signatures; it reads content by the sources of the registries."""
        readers = self._registries.get
        source = signature_source(self._settings, readers, os.environ, sys.platform, Path.home(), self._attachments, self._cache)
        self.made.append(source)
        return source

    def _attachments(self, host: str) -> AttachmentReader | None:
        """A reader of what cosign keeps in another repository; None when the settings say not to ask its registry."""
        settings = self._settings.registry.get(host, RegistrySettings())
        if not settings.ask:
            return None
        return RegistryAttachments(
            _registry_options(self._settings, host, settings, by_name=True), self._credentials, self._store
        )

    def inquiries(self) -> SourceInquiries:
        """Who answers single questions of the operator."""
        return SourceInquiries(self._registries.get, self._builder, self._objects)

    def _objects(self, cluster: str) -> KubeObjects | None:
        """What reads objects and logs of a cluster; None where the cluster is not read."""
        from tui.sources.cluster.objects import KubeObjects

        options = self._reached.get(cluster)
        return KubeObjects(options, cluster) if options is not None else None

    def told(self) -> tuple[Event, ...]:
        """What the settings say of images themselves."""
        bases = tuple(ConfiguredBase(parse_pattern(images), base) for images, base in self._settings.base.items())
        return (*((BasesConfigured(bases),) if bases else ()), *told_jobs(self._settings))

    def policy(self) -> PolicyWatch | None:
        """The policy file that the settings name, followed; None for what is built in. Raises InvalidConfig."""
        return PolicyWatch(self._settings.policy) if self._settings.policy else None

    def clusters(self) -> list[ClusterSource]:
        """One source per context."""
        settings = self._settings
        options = [cluster_options(settings, name) for name in context_names(settings)]
        options += [self._managed(cluster) for cluster in (settings.aks if settings.clusters else ())]
        sources = [ClusterSource(option) for option in options]
        self._reached = {source.cluster: pinned(option, source.cluster) for source, option in zip(sources, options, strict=True)}
        self.made += sources
        return sources

    def _managed(self, cluster: str) -> ClusterOptions:
        """A cluster of AKS, which goes by its name where no context and no other cluster does. Raises UsageError."""
        settings = self._settings
        name = cluster.rpartition("/")[2]
        names = [*settings.contexts, *(other.rpartition("/")[2] for other in settings.aks if other != cluster)]
        name = cluster if name in names else name
        managed = aks_access(settings, self._credentials.entra, os.environ, cluster)
        return msgspec.structs.replace(cluster_options(settings, name), managed=managed, name=name)

    def registry(self, registry: str) -> DemandSource | None:
        """The source of a registry; None when the settings say not to ask it."""
        settings = self._settings.registry.get(registry, RegistrySettings())
        if not settings.ask:
            return None
        options = _registry_options(self._settings, registry, settings, by_name=registry in self.named, once=self._once)
        source = RegistrySource(options, self._credentials, store=self._store, room=self._room)
        self.made.append(source)
        self._registries[registry] = source
        if self._with_tasks:
            self._add_tasks(registry)
        return source

    def _add_tasks(self, registry: str) -> None:
        """What builds into a registry of Azure, as soon as that is met."""
        source = acr_tasks_source(self._settings, self._credentials.entra, os.environ, registry)
        if source is not None:
            self.made.append(source)
            self.met(source)

    def read_tasks(self) -> None:
        """Read the tasks of registries although nobody stays."""
        for registry in () if self._with_tasks else tuple(self._registries):
            self._add_tasks(registry)
        self._with_tasks = True

    def overheard(self, registry: str) -> DemandSource | None:
        """The same, for who only wants to know what would be asked of it."""
        source = self.registry(registry)
        return DemandRecorder(source) if source is not None else None


async def _settled(settings: Settings) -> Settings:
    """The settings, once it is known which clusters they mean. Raises TrustreeError."""
    entra = EntraCredentials(os.environ, clock=time.time) if settings.azure and settings.aks else None
    return await with_clusters(settings, entra, os.environ)


def _estate(parts: _SourceParts) -> Estate:
    """The sources, judged by the policy that the settings name; its file is followed. Raises InvalidConfig."""
    watch, clusters = parts.policy(), parts.clusters()
    policy = built_in() if watch is None else watch.policy
    first: list[Source] = [*clusters] if watch is None else [watch, *clusters]
    later, inquiries = parts.others(clusters), parts.inquiries()
    estate = Estate(first, parts.registry, policy, parts.named, later=later, first_facts=parts.told(), inquiries=inquiries)
    parts.met, estate.on_tasks = estate.add, parts.read_tasks
    if watch is not None:
        watch.taken = estate.set_policy
    return estate


async def _examined(parts: _SourceParts, report: Callable[[str, int], None]) -> list[Examined]:
    """Read the clusters alone for a while, to learn which registries there are; then try each kind of read of everything."""
    from tui.sources.cluster.client import load_client

    parts.policy()  # a fault in the file is said before anything is asked
    clusters = parts.clusters()
    estate = Estate(clusters, parts.overheard, built_in(), parts.named)
    async with estate.running(), asyncio.TaskGroup() as group:
        # Loading it is no delay of a server's: it is done before any source's time begins.
        group.create_task(asyncio.to_thread(load_client), name="load the client of clusters")
        await estate.settled(LEARNING)
        health = {source_health.id: source_health for source_health in estate.snapshot.sources}
    parts.others(clusters)
    examined = [_shown(source, health.get(source.id), result) for source, result in await examine(parts.made, report)]
    tried_ids = {source.id for source in parts.made}
    return examined + [
        _left_alone(source_health)
        for source_health in health.values()
        if source_health.state is SourceState.OFF and source_health.id not in tried_ids
    ]


def _shown(source: _Made, health: SourceHealth | None, diagnoses: Sequence[Diagnosis]) -> Examined:
    identity, endpoint = (health.identity, health.endpoint) if health is not None else ("", "")
    identity = identity or next((diagnosis.identity for diagnosis in diagnoses if diagnosis.identity), "")
    return str(source.id), source.id.kind.value, identity, endpoint, diagnoses


def _cache_examined(settings: Settings) -> Examined:
    """What is kept on disk; that nothing can be is no fault of what is read."""
    state = cache_state(settings)
    is_used = settings.keeps_content and state.usage is not None
    remedy = "" if not state.problem else "`trustree cache clear` removes it."
    diagnosis = Diagnosis("content", Tried.OK if is_used else Tried.OFF, cache_words(settings, state), remedy=remedy)
    return "cache", "cache", "", str(state.path), [diagnosis]


def _left_alone(health: SourceHealth) -> Examined:
    return str(health.id), health.kind.value, "", "", [Diagnosis("asked", Tried.OFF, health.error, remedy=health.remedy)]


def _registry_options(
    settings: Settings, host: str, own: RegistrySettings, *, by_name: bool, once: bool = False
) -> RegistryOptions:
    usual = RegistryOptions(host=host)
    timeout = settings.request_timeout
    refresh = own.refresh if own.refresh is not None else settings.refresh
    return RegistryOptions(
        host=host,
        kind=RegistryKind(own.kind),
        endpoint=own.endpoint or None,
        server_name=own.server_name,
        ca_file=own.ca_file,
        token_hosts=own.token_hosts,
        auth=AuthMode(own.auth),
        username=own.username,
        password=_password(host, own),
        request_timeout=usual.request_timeout if timeout is None else timeout or NO_LIMIT,
        refresh=usual.refresh if refresh is None else refresh,
        requests_per_minute=budgets_for(own.requests_per_minute) if own.requests_per_minute else {},
        azure=settings.azure,
        catalog=by_name,
        named_by_operator=by_name,
        once=once,
        reads_all=host in map(normalize_registry, settings.registries),
    )


def _password(host: str, own: RegistrySettings) -> str:
    """The password from the environment variable that the settings name. Raises InvalidConfig."""
    password = os.environ.get(own.password_env, "") if own.password_env else ""
    if own.password_env and not password:
        raise InvalidConfig(
            f"The password of {host} is expected in the variable {own.password_env}, which is not set.",
            f"Set {own.password_env}, or change password_env in the configuration.",
        )
    return password

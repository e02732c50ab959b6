"""The tables of facts and their one writer: events go in, frozen facts come out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import assert_never

from tui.domain.common.memo import Successor, changed_keys
from tui.domain.facts.build_events import BuildersConfigured, JobsCompleted, JobsSeen, RunsSeen
from tui.domain.facts.events import (
    BasesConfigured,
    CatalogListed,
    ClaimsRead,
    ClusterEvent,
    ConfigRead,
    ConstraintsListed,
    ControllersSeen,
    Event,
    HealthChanged,
    ListCompleted,
    LookupFailed,
    ManifestRead,
    ManifestsListed,
    NodesSeen,
    ObjectGone,
    PodsSeen,
    PoliciesRead,
    ReferrersListed,
    ScanGone,
    ScansCompleted,
    ScansSeen,
    SignaturesVerified,
    SourceHealth,
    SourceId,
    TagResolved,
    TagsListed,
    TrustEvent,
)
from tui.domain.facts.facts import ClusterFacts, Facts, ImageFacts
from tui.domain.facts.inventory.builds import BuildTables
from tui.domain.facts.inventory.images import ImageTables
from tui.domain.facts.inventory.objects import ObjectTable
from tui.domain.facts.inventory.trust import TrustTables
from tui.domain.facts.workload import Controller, Node, Pod, Resource

__all__ = ["Facts", "Inventory"]


class Inventory:
    """Everything that sources said, newest word by newest word.

    Losing a source removes nothing. `freeze` copies only the groups that changed since it was last called.
    """

    def __init__(self) -> None:
        self._pods: defaultdict[SourceId, ObjectTable[Pod]] = defaultdict(lambda: ObjectTable(_namespace))
        self._controllers: defaultdict[tuple[SourceId, Resource], ObjectTable[Controller]] = defaultdict(
            lambda: ObjectTable(_namespace)
        )
        self._nodes: defaultdict[SourceId, ObjectTable[Node]] = defaultdict(ObjectTable)
        self._images = ImageTables()
        self._trust = TrustTables()
        self._builds = BuildTables()
        self._health: dict[SourceId, SourceHealth] = {}
        self._cluster_version = 0
        self._image_version = 0
        self._trust_version = 0
        self._build_version = 0
        self._health_version = 0
        self._whole: dict[SourceId, tuple[list[Mapping[str, Controller]], Mapping[str, Controller]]] = {}
        self._frozen = Facts()

    def apply(self, event: Event) -> None:
        """Take one event in."""
        match event:
            case HealthChanged():
                self._heard(event.health)
            case PodsSeen() | ControllersSeen() | NodesSeen() | ObjectGone() | ListCompleted():
                self._cluster_version += self._apply_cluster(event)
            case (
                TagResolved()
                | ManifestRead()
                | ConfigRead()
                | LookupFailed()
                | CatalogListed()
                | TagsListed()
                | ManifestsListed()
                | ReferrersListed()
                | ClaimsRead()
                | BasesConfigured()
                | PoliciesRead()
            ):
                self._image_version += self._images.apply(event)
            case ScansSeen() | ScansCompleted() | ScanGone() | SignaturesVerified() | ConstraintsListed():
                self._trust_version += self._apply_trust(event)
            case JobsSeen() | JobsCompleted() | RunsSeen() | BuildersConfigured():
                self._build_version += self._builds.apply(event)
            case _:
                assert_never(event)

    def freeze(self) -> Facts:
        """The facts as they are now."""
        last = self._frozen
        cluster = last.cluster if last.cluster.version == self._cluster_version else self._freeze_cluster()
        images = last.images if last.images.version == self._image_version else self._freeze_images()
        health = last.health if last.health_version == self._health_version else self._health.copy()
        trust = last.trust if last.trust.version == self._trust_version else self._trust.freeze(self._trust_version)
        builds = last.builds if last.builds.version == self._build_version else self._builds.freeze(self._build_version)
        self._frozen = Facts(cluster, images, health, self._health_version, trust, builds)
        return self._frozen

    def _heard(self, health: SourceHealth) -> None:
        if self._health.get(health.id) != health:
            self._health[health.id] = health
            self._health_version += 1

    def _apply_cluster(self, event: ClusterEvent) -> bool:
        match event:
            case PodsSeen():
                return self._pods[event.source].see(event.scope, event.generation, ((pod.uid, pod) for pod in event.pods))
            case ControllersSeen():
                table = self._controllers[event.source, event.resource]
                controllers = ((controller.uid, controller) for controller in event.controllers)
                return table.see(event.scope, event.generation, controllers)
            case NodesSeen():
                nodes = ((node.name, node) for node in event.nodes)
                return self._nodes[event.source].see("", event.generation, nodes)
            case ObjectGone():
                return self._table(event.source, event.resource).drop(event.uid)
            case ListCompleted():
                return self._table(event.source, event.resource).complete(event.scope, event.generation)
            case _:
                assert_never(event)

    def _table(self, source: SourceId, resource: Resource) -> ObjectTable[Pod] | ObjectTable[Controller] | ObjectTable[Node]:
        match resource:
            case Resource.PODS:
                return self._pods[source]
            case Resource.NODES:
                return self._nodes[source]
            case _:
                return self._controllers[source, resource]

    def _apply_trust(self, event: TrustEvent) -> bool:
        match event:
            case ScansSeen():
                return self._trust.scans(event)
            case ScansCompleted():
                return self._trust.scans_completed(event)
            case ScanGone():
                return self._trust.scan_gone(event)
            case SignaturesVerified():
                return self._trust.signatures(event)
            case ConstraintsListed():
                return self._trust.constraints(event)
            case _:
                assert_never(event)

    def _freeze_cluster(self) -> ClusterFacts:
        return ClusterFacts(
            version=self._cluster_version,
            pods={source: table.freeze() for source, table in self._pods.items()},
            controllers=self._merged(),
            nodes={source: table.freeze() for source, table in self._nodes.items()},
        )

    def _merged(self) -> dict[SourceId, Mapping[str, Controller]]:
        """Controllers of all resources by uid; those only met as owners first, so that a listed one takes their place."""
        parts: dict[SourceId, list[Mapping[str, Controller]]] = {}
        for (source, _), table in sorted(self._controllers.items(), key=lambda item: item[0][1] is not Resource.OTHER):
            parts.setdefault(source, []).append(table.freeze())
        return {source: self._merge(source, tables) for source, tables in parts.items()}

    def _merge(self, source: SourceId, tables: list[Mapping[str, Controller]]) -> Mapping[str, Controller]:
        """The tables of a source as one; the very same as long as each of them is."""
        parts, merged = self._whole.get(source, ([], {}))
        if len(parts) != len(tables) or any(part is not table for part, table in zip(parts, tables, strict=True)):
            merged = _merged_tables(parts, tables, merged)
            self._whole[source] = tables, merged
        return merged

    def _freeze_images(self) -> ImageFacts:
        return self._images.freeze(self._image_version)


def _namespace(item: Pod | Controller) -> str:
    return item.namespace


def _merged_tables(
    before: list[Mapping[str, Controller]], after: list[Mapping[str, Controller]], last: Mapping[str, Controller]
) -> Mapping[str, Controller]:
    """Tables as one, which knows in what it differs from the last one; of what several have that of the latest counts."""
    merged: dict[str, Controller] = {}
    for table in after:
        merged.update(table)
    if len(before) != len(after):
        return Successor(merged)
    changed = set[str]().union(*(changed_keys(part, table) for part, table in zip(before, after, strict=True)))
    return Successor(merged, last, {uid for uid in changed if last.get(uid) is not merged.get(uid)})

"""The view of workloads: cluster -> namespace -> workload -> container -> image -> its bases upward."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from tui.domain.checks.containers import image_checks
from tui.domain.common.pace import paced, sorted_in_steps
from tui.domain.common.trust import BAD_FIRST, Check, State, worst
from tui.domain.facts.events import SourceHealth, SourceKind, SourceState
from tui.domain.facts.workload import ContainerType, ObjectKey
from tui.domain.snapshot.snapshot import BaseState, Container, Image, ImageKey, Snapshot, Workload
from tui.presenters.glyphs import Glyphs, mix
from tui.presenters.keys import ClusterPart, ContainerPart, NamespacePart, from_last
from tui.presenters.phrases import base_brief, image_name
from tui.presenters.totals import ALL, NOTHING, Totals, VisibleRows, one
from tui.presenters.views.emphasis import NO_EMPHASIS, Emphasis, emphasis_of
from tui.presenters.views.lineage import BAR, WIDE, WIDER, container_state
from tui.presenters.views.spec import RowsContext, TabbedModel
from tui.presenters.words import age, count
from widgets.rows import Cell, Column, Row, RowKey, Span

__all__ = ["WorkloadModel", "build", "source_state"]

COLUMNS = (
    Column("workload, cluster first", share=1, most=56),
    Column("state", share=1, parted=True),
    Column("subtree", BAR, from_width=WIDER),
    Column("wklds", 5, right=True, from_width=WIDE),
    Column("pods", 6, right=True),
    Column("age", 5, right=True, from_width=WIDE),
)
Namespace = tuple[str, str]
"""The names of a cluster and of a namespace in it."""


class WorkloadModel(TabbedModel):
    """Workloads as rows: groups and orders are made here, once and off the loop; rows and cells when asked for."""

    def __init__(
        self, snapshot: Snapshot, now: datetime, glyphs: Glyphs, shown: VisibleRows = ALL, emphasis: Emphasis = NO_EMPHASIS
    ) -> None:
        super().__init__(snapshot, now, glyphs, shown)
        self._emphasis = emphasis
        self._health = {health.id.name: health for health in snapshot.sources if health.kind is SourceKind.CLUSTER}
        self._in_namespace: dict[Namespace, list[Workload]] = defaultdict(list)
        self._totals: dict[Namespace, Totals] = defaultdict(lambda: NOTHING)
        self._cluster_totals: dict[str, Totals] = defaultdict(lambda: NOTHING)
        for key, workload in paced(snapshot.workloads.items()):
            if shown.workload(key):
                self._add(workload)
        for namespace, inside in self._in_namespace.items():
            self._in_namespace[namespace] = sorted_in_steps(
                paced(inside), lambda workload: (-workload.verdict.severity, -shown.pods(workload), workload.key)
            )
        self._clusters = self._cluster_names(shown)

    def columns(self) -> Sequence[Column]:
        """Name, state, mix of verdicts below, counts and age."""
        return COLUMNS

    def roots(self) -> Sequence[RowKey]:
        """The clusters, also those that nothing could be read from."""
        return [(ClusterPart(name),) for name in self._clusters]

    def children(self, key: RowKey) -> Sequence[RowKey]:
        """What is one step further in: namespaces, workloads, containers, images, bases."""
        match key[-1]:
            case ClusterPart(name):
                return [(*key, NamespacePart(namespace)) for namespace in self._namespaces(name)]
            case NamespacePart(name):
                return [(*key, workload.key) for workload in paced(self._in_namespace.get((_cluster(key), name), ()))]
            case ObjectKey() as workload:
                return [
                    (*key, ContainerPart(container.type, container.name))
                    for container in self.snapshot.workloads[workload].containers
                ]
            case ContainerPart():
                container = self._container(key)
                return [(*key, image) for image in container.images] if container else []
            case ImageKey() as image:
                base = self._base(image)
                return [(*key, base)] if base and base not in key else []
            case _:
                return []

    def has_children(self, key: RowKey) -> bool:
        """Whether anything is one step further in."""
        last = key[-1]
        return isinstance(last, NamespacePart) or bool(self.children(key))

    def row(self, key: RowKey) -> Row:
        """The cells of a row."""
        match key[-1]:
            case ClusterPart(name):
                return self._cluster_row(name)
            case NamespacePart(name):
                return self._group_row((Span(name or "no namespace"),), (), self._totals[(_cluster(key), name)])
            case ObjectKey() as workload:
                return self._workload_row(self.snapshot.workloads[workload])
            case ContainerPart():
                return self._container_row(key)
            case ImageKey() as image:
                return self._image_row(key, image)
            case _:
                return Row(Span(""), ((), (), (), (), (), ()))

    def identity(self, key: RowKey) -> RowKey:
        """A workload is who it is; its containers and their images are those of the workload."""
        return from_last(key, ObjectKey)

    def find(self, identity: RowKey) -> RowKey | None:
        """Where a workload is, and what is under it."""
        match identity[0]:
            case ObjectKey() as workload:
                beside = self._in_namespace.get((workload.cluster, workload.namespace), ())
                head = (ClusterPart(workload.cluster), NamespacePart(workload.namespace))
                return (*head, *identity) if any(other.key == workload for other in beside) else None
            case ClusterPart(name):
                return identity if name in self._clusters else None
            case _:
                return None

    def is_hit(self, key: RowKey) -> bool:
        """Whether a row is what the filter asks for, and not only what leads to it."""
        return isinstance(key[-1], ObjectKey)

    def urgency(self, key: RowKey) -> int:
        """How bad the worst below a row is, and itself."""
        match key[-1]:
            case ClusterPart(name):
                return -self._cluster_totals[name].rank[0]
            case NamespacePart(name):
                return -self._totals[(_cluster(key), name)].rank[0]
            case ObjectKey() as workload:
                return self.snapshot.workloads[workload].verdict.severity - 1
            case _:
                return 0

    def matches(self) -> list[RowKey]:
        """Every row that must be unfolded for each workload shown to be seen."""
        clusters = self.roots()
        return [*clusters, *(child for key in clusters for child in self.children(key))]

    # ---- structure

    def _add(self, workload: Workload) -> None:
        key = workload.key
        self._in_namespace[key.cluster, key.namespace].append(workload)
        own = one(workload.verdict, self._shown.pods(workload))
        self._totals[key.cluster, key.namespace] += own
        self._cluster_totals[key.cluster] += own

    def _cluster_names(self, shown: VisibleRows) -> list[str]:
        names = {cluster for cluster, _ in self._in_namespace}
        if not shown.narrowed:
            names |= self._health.keys()
        return sorted(names)

    def _namespaces(self, cluster: str) -> list[str]:
        namespaces = [namespace for namespace in self._in_namespace if namespace[0] == cluster]
        return [name for _, name in sorted(namespaces, key=lambda namespace: (self._totals[namespace].rank, namespace))]

    def _container(self, key: RowKey) -> Container | None:
        part, workload = key[3], self.snapshot.workloads.get(_workload(key))
        for container in workload.containers if workload else ():
            if isinstance(part, ContainerPart) and (container.type, container.name) == (part.type, part.name):
                return container
        return None

    def _base(self, image: ImageKey) -> ImageKey | None:
        node = self.snapshot.images.get(image) or self.snapshot.bases.get(image)
        return node.base.base if node and node.base else None

    # ---- cells

    def _group_row(self, name: Cell, state: Cell, totals: Totals) -> Row:
        verdict = worst(state for state, number in zip(BAD_FIRST, totals.counts, strict=True) if number)
        bar = mix(totals.counts, BAR, self._glyphs.bar)
        cells = (name, state, bar, (Span(count(totals.items), "dim"),), (Span(count(totals.pods)),), ())
        return Row(self._glyphs.of(verdict), cells)

    def _cluster_row(self, name: str) -> Row:
        health = self._health.get(name)
        return self._group_row((Span(name, "bold"),), source_state(health), self._cluster_totals[name])

    def _workload_row(self, workload: Workload) -> Row:
        name: Cell = (Span(f"{workload.key.kind}/", "dim"), Span(workload.key.name))
        state = self._container_state(workload.containers, workload)
        mixture = mix(_verdicts(workload), BAR, self._glyphs.bar) if len(workload.containers) > 1 else ()
        since = (Span(age(workload.created, self._now), "dim"),)
        return Row(
            self._glyphs.of(workload.verdict), (name, state, mixture, (), (Span(count(self._shown.pods(workload))),), since)
        )

    def _container_row(self, key: RowKey) -> Row:
        container, workload = self._container(key), self.snapshot.workloads.get(_workload(key))
        if container is None or workload is None:
            return Row(Span(""), ((), (), (), (), (), ()))
        kind = "" if container.type is ContainerType.CONTAINER else f"{container.type} "
        name: Cell = (Span(kind, "dim"), Span(container.name), Span(f"  {container.image}", "dim"))
        state = self._container_state([container], workload)
        pods = (Span(count(self._shown.pods_in(container, workload.key)), "dim"),)
        return Row(self._glyphs.of(container.verdict), (name, state, (), (), pods, ()))

    def _container_state(self, containers: Sequence[Container], workload: Workload) -> Cell:
        """What was asked for of the images that containers run, then what is not fine with them."""
        keys = dict.fromkeys(key for container in containers for key in container.runs if self._shown.image(key))
        images = [self.snapshot.images[key] for key in keys if key in self.snapshot.images]
        lead = self._emphasis.state((), images, self._now, self._glyphs)
        checks = self._image_checks(containers)
        state = container_state(containers, workload, self._glyphs, checks, self._emphasis.checks)
        return (*lead, Span(self._glyphs.dot, "dim"), *state) if lead and state else lead or state

    def _image_checks(self, containers: Iterable[Container]) -> list[Check]:
        """What the images of containers are judged by, but for what others run of them."""
        return [check for container in containers for check in image_checks(container, self.snapshot.images)]

    def _image_row(self, key: RowKey, image: ImageKey) -> Row:
        node = self.snapshot.images.get(image)
        on = Span("on ", "dim") if isinstance(key[-2], ImageKey) else Span("")
        if node is None:
            base = self.snapshot.bases.get(image)
            cells: tuple[Cell, ...] = (
                (on, Span(base.label if base else "base")),
                (Span(base_brief(base) if base else "", "unknown"),),
            )
            return Row(self._glyphs.of(State.UNKNOWN), (*cells, (), (), (), ()))
        since = (Span(age(node.created, self._now), "dim"),)
        state = self._image_state(node)
        return Row(self._glyphs.of(node.verdict), ((on, Span(image_name(node))), state, (), (), (), since))

    def _image_state(self, image: Image) -> Cell:
        hits = (image,) if self._shown.image(image.key) else ()
        words = self._emphasis.state(image.checks, hits, self._now, self._glyphs)
        if words or image.base is None:
            return words
        return (Span("current", "dim"),) if image.base.state is BaseState.CURRENT else ()


def source_state(health: SourceHealth | None) -> Cell:
    """How reading a cluster or a registry goes, empty when all is well."""
    if health is None or health.state in (SourceState.OK, SourceState.OFF):
        return ()
    if health.state is SourceState.LOADING:
        return (Span("loading", "accent"),)
    denied = health.denials[0].what if health.denials else ""
    return (Span(health.error or (f"may not read {denied}" if denied else health.state), "unknown"),)


def _verdicts(workload: Workload) -> Sequence[int]:
    verdicts = [container.verdict for container in workload.containers]
    return [sum(verdict is state for verdict in verdicts) for state in BAD_FIRST]


def _cluster(key: RowKey) -> str:
    return key[0].name if isinstance(key[0], ClusterPart) else ""


def _workload(key: RowKey) -> ObjectKey:
    part = key[2] if len(key) > 2 else None
    return part if isinstance(part, ObjectKey) else ObjectKey("", "", "", "")


def build(rows: RowsContext) -> WorkloadModel:
    """The rows of the view."""
    return WorkloadModel(rows.snapshot, rows.now, rows.glyphs, rows.shown, emphasis_of(rows))

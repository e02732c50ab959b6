"""The view of lineage: base -> derived -> workload -> pods, worst and widest first."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from tui.domain.common.memo import WeakMemo
from tui.domain.common.pace import paced, stride
from tui.domain.common.trust import Check, CheckName, State, worst
from tui.domain.facts.events import SourceState
from tui.domain.facts.reference import DEFAULT_REGISTRY
from tui.domain.facts.workload import ContainerType, ObjectKey
from tui.domain.snapshot.snapshot import Container, Image, ImageKey, PodRef, Snapshot, UnknownBase, Workload
from tui.domain.workloads.counting import idle_word, pods_of
from tui.presenters.glyphs import ROLE, Glyphs, mix
from tui.presenters.keys import IMAGELESS, UNREADABLE, PodPart, from_last
from tui.presenters.phrases import base_brief, briefs, image_name
from tui.presenters.totals import ALL, NOTHING, Totals, VisibleRows
from tui.presenters.views.emphasis import NO_EMPHASIS, Emphasis, emphasis_of
from tui.presenters.views.spec import RowsContext, TabbedModel
from tui.presenters.views.subtrees import subtrees_of
from tui.presenters.words import age, count, plural
from widgets.rows import Cell, Column, Row, RowKey, Span

__all__ = ["BAR", "WIDE", "WIDER", "LineageModel", "build", "container_state", "pod_state"]

BAR = 8
WIDE, WIDER = 88, 101
COLUMNS = (
    Column("image, base first", share=13, most=64),
    Column("state", share=7, parted=True),
    Column("subtree", BAR, from_width=WIDER),
    Column("imgs", 5, right=True, from_width=WIDE),
    Column("pods", 6, right=True),
    Column("age", 5, right=True, from_width=WIDE),
)
NOT_YET = "not read yet"
"""What is said of images and bases of which nobody can tell, before all has been read, whether they are readable."""


class LineageModel(TabbedModel):
    """The lineage as rows. Totals and orders are made here, once and off the loop; rows and cells when asked for."""

    def __init__(
        self, snapshot: Snapshot, now: datetime, glyphs: Glyphs, shown: VisibleRows = ALL, emphasis: Emphasis = NO_EMPHASIS
    ) -> None:
        super().__init__(snapshot, now, glyphs, shown)
        self._emphasis = emphasis
        self._loading = any(source.state is SourceState.LOADING for source in snapshot.sources)
        self._totals, self._derived, tops = subtrees_of(snapshot, shown)
        self._unreadable = [key for key in paced(tops) if _absent(snapshot, key)]
        unreadable = frozenset(self._unreadable)
        self._roots: list[RowKey] = [(key,) for key in paced(tops) if key not in unreadable]
        if self._unreadable:
            self._roots.append((UNREADABLE,))
        self._imageless = self._without_image()
        if self._imageless:
            self._roots.insert(0 if emphasis.stuck else len(self._roots), (IMAGELESS,))

    def columns(self) -> Sequence[Column]:
        """Name, state, mix of verdicts below, counts and age."""
        return COLUMNS

    def roots(self) -> Sequence[RowKey]:
        """What stands on nothing known; then, in groups, unreadable images and workloads without an image, which are first where
        what does not start is asked for."""
        return self._roots

    def children(self, key: RowKey) -> Sequence[RowKey]:
        """The workloads that run the image and the images built on it; the pods of a workload."""
        last = key[-1]
        if isinstance(last, ImageKey):
            return [
                *((*key, user) for user in self._users(last)),
                *((*key, child) for child in paced(self._derived.get(last, ()))),
            ]
        if isinstance(last, ObjectKey):
            return [(*key, PodPart(pod.name, pod.container)) for pod, _ in self._pods(key)]
        group: Sequence[Hashable] = self._unreadable if last == UNREADABLE else self._imageless if last == IMAGELESS else ()
        return [(*key, child) for child in paced(group)]

    def has_children(self, key: RowKey) -> bool:
        """Whether anything shown is under a row."""
        last = key[-1]
        if isinstance(last, ImageKey):
            return bool(self._derived.get(last)) or any(map(self._shown.workload, self._using(last)))
        if isinstance(last, ObjectKey):
            return any(True for _ in self._pods(key))
        return last in (UNREADABLE, IMAGELESS)

    def row(self, key: RowKey) -> Row:
        """The cells of a row."""
        match key[-1]:
            case ImageKey() as image:
                return self._node_row(image, top=len(key) == 1 or key[-2] == UNREADABLE)
            case ObjectKey() as workload:
                return self._workload_row(key, self.snapshot.workloads[workload])
            case PodPart() as part:
                return self._pod_row(key, part)
            case _ if key[-1] == IMAGELESS:
                return self._imageless_row()
            case _:
                return self._group_row()

    def identity(self, key: RowKey) -> RowKey:
        """An image is who it is on whatever base; its workloads and their pods are those of the image."""
        return from_last(key, ImageKey)

    def find(self, identity: RowKey) -> RowKey | None:
        """Where an image is, and what is under it."""
        first = identity[0]
        if first == IMAGELESS:
            if len(identity) < 2 or identity[1] in self._imageless:
                return identity if self._imageless else None
            image = next((image for image, idle in self._idle.items() if identity[1] in idle and image in self._totals), None)
            return self.find((image, *identity[1:])) if image is not None else None
        if not isinstance(first, ImageKey) or first not in self._totals:
            return identity if first == UNREADABLE and self._unreadable else None
        chain: dict[ImageKey, None] = {}
        node: ImageKey | None = first
        while node is not None and node not in chain:
            chain[node] = None
            node = self._parents.get(node)
        head: RowKey = (UNREADABLE,) if first in self._unreadable else ()
        return (*head, *reversed(chain), *identity[1:])

    def is_hit(self, key: RowKey) -> bool:
        """Whether a row is what the filter asks for, and not only what leads to it."""
        last = key[-1]
        if key[0] == IMAGELESS:
            return isinstance(last, ObjectKey)
        return isinstance(last, ImageKey) and last in self.snapshot.images and self._shown.image(last)

    @cached_property
    def _parents(self) -> dict[ImageKey, ImageKey]:
        return {child: base for base, children in paced(self._derived.items()) for child in children}

    def urgency(self, key: RowKey) -> int:
        """How bad the worst below a row is, and itself."""
        last = key[-1]
        if isinstance(last, ImageKey):
            return -self._totals.get(last, NOTHING).rank[0]
        if last == IMAGELESS:
            return max(self.snapshot.workloads[workload].verdict.severity for workload in self._imageless) - 1
        return self.snapshot.workloads[last].verdict.severity - 1 if isinstance(last, ObjectKey) else 0

    def matches(self) -> Iterator[RowKey]:
        """Every row that must be unfolded for each image shown to be seen; as many as are asked for: paths may be long."""
        stack, pass_by = list(self._roots), stride()
        while stack:
            key = stack.pop()
            pass_by()
            under = self._unreadable if key == (UNREADABLE,) else self._derived.get(_image(key), ())
            if under:
                yield key
                stack.extend((*key, child) for child in under)
        if self._imageless:
            yield (IMAGELESS,)

    # ---- structure

    def _without_image(self) -> list[ObjectKey]:
        """The workloads that no image leads to; without a filter those that have pods, as others are only declared."""
        workloads = self.snapshot.workloads
        imageless = _IMAGELESS.get(self.snapshot, lambda: _find_imageless(self.snapshot))
        below_images = {key for image in paced(self._totals) for key in self._idle.get(image, ())}
        left = [key for key in paced(imageless) if self._shown.workload(key) and key not in below_images]
        if not self._shown.narrowed:
            left = [key for key in left if workloads[key].pods]
        return sorted(left, key=lambda key: (-workloads[key].verdict.severity, -self._shown.pods(workloads[key]), key))

    @cached_property
    def _idle(self) -> Mapping[ImageKey, Sequence[ObjectKey]]:
        """What has no pods, by what it would run; without a filter that stands nowhere, as it is only declared."""
        return _IDLE.get(self.snapshot, lambda: _find_idle(self.snapshot)) if self._shown.narrowed else {}

    def _using(self, image: ImageKey) -> Sequence[ObjectKey]:
        return (*self.snapshot.users.get(image, ()), *self._idle.get(image, ()))

    def _users(self, image: ImageKey) -> list[ObjectKey]:
        workloads = self.snapshot.workloads
        users = [key for key in self._using(image) if self._shown.workload(key) and key in workloads]
        return sorted(users, key=lambda key: (-workloads[key].verdict.severity, -pods_of(workloads[key], {image}), key))

    def _containers(self, key: RowKey) -> list[Container]:
        """The containers of the workload at a path that run the image above it."""
        workload, image = key[-1], key[-2]
        owner = self.snapshot.workloads.get(workload) if isinstance(workload, ObjectKey) else None
        if owner is not None and image == IMAGELESS:
            return list(owner.containers)
        return [container for container in owner.containers if image in container.images] if owner else []

    def _pods(self, key: RowKey) -> Iterable[tuple[PodRef, Container]]:
        """Every pod of the workload at a path that runs the image above it, once, with the first container that does."""
        image = None if key[-2] == IMAGELESS else _image(key[:-1])
        yielded: set[str] = set()
        for container in self._containers(key):
            for pod in container.pod_refs:
                if pod.runs == image and not pod.ended and pod.name not in yielded:
                    yielded.add(pod.name)
                    yield pod, container

    # ---- cells

    def _node_row(self, key: ImageKey, top: bool) -> Row:
        image = self.snapshot.images.get(key)
        totals = self._totals.get(key, NOTHING)
        if image is None:
            return self._unknown_row(self.snapshot.bases.get(key), totals)
        hits = (image,) if self._shown.image(key) else ()
        state = self._emphasis.state(image.checks, hits, self._now, self._glyphs)
        name = self._image_cell(image, top)
        return Row(self._glyphs.of(image.verdict), (name, state, *self._counts(totals, image.created)))

    def _image_cell(self, image: Image, top: bool) -> Cell:
        context = self._shown.narrowed and not self._shown.image(image.key)
        name = Span(image_name(image), "dim" if context else "")
        if not top or image.key.registry == DEFAULT_REGISTRY:
            return (name,)
        return (Span(f"{image.key.registry}/", "dim"), name)

    def _unknown_row(self, base: UnknownBase | None, totals: Totals) -> Row:
        role = "dim" if self._shown.narrowed else ""  # a filter never asks for it, only for what stands on it
        name: Cell = (Span(base.label if base else "base", role),)
        if base is not None and base.key.registry and base.label.startswith(f"{base.key.registry}/"):
            name = (Span(f"{base.key.registry}/", "dim"), Span(base.label.removeprefix(f"{base.key.registry}/"), role))
        brief = NOT_YET if self._loading else base_brief(base) if base else ""
        state = Span(brief, "unknown")
        return Row(self._glyphs.of(State.UNKNOWN), (name, (state,), *self._counts(totals, None)))

    def _group_row(self) -> Row:
        totals = sum((self._totals[key] for key in self._unreadable), NOTHING)
        registries = ", ".join(dict.fromkeys(key.registry for key in self._unreadable))
        cells = ((Span(NOT_YET if self._loading else UNREADABLE),), (Span(registries, "unknown"),))
        return Row(self._glyphs.of(State.UNKNOWN), (*cells, *self._counts(totals, None)))

    def _imageless_row(self) -> Row:
        workloads = [self.snapshot.workloads[key] for key in self._imageless]
        number = len(workloads)
        runs = f"run{'s' if number == 1 else ''}"
        has_pods = any(workload.pods for workload in workloads)
        name = f"{plural(number, 'workload')} that {runs} {'no image that is known' if has_pods else 'nothing now'}"
        verdict = worst(workload.verdict for workload in workloads)
        totals = NOTHING._replace(pods=sum(map(self._shown.pods, workloads)))
        return Row(self._glyphs.of(verdict), ((Span(name),), (), *self._counts(totals, None)))

    def _counts(self, totals: Totals, since: datetime | None) -> tuple[Cell, ...]:
        return (
            mix(totals.counts, BAR, self._glyphs.bar),
            (Span(count(totals.items), "dim"),),
            (Span(count(totals.pods), "" if totals.pods else "dim"),),
            (Span(age(since, self._now), "dim"),),
        )

    def _workload_row(self, key: RowKey, workload: Workload) -> Row:
        containers = self._containers(key)
        pods = self._shown.pods(workload) if key[-2] == IMAGELESS else pods_of(workload, {_image(key[:-1])})
        where = workload.key
        place = "  ".join(part for part in (where.cluster, where.namespace) if part)
        name = (Span(f"{place}  {where.kind}/{where.name}", "dim"), *_extra(workload, containers))
        verdict = worst(container.verdict for container in containers)
        state = container_state(containers, workload, self._glyphs, first_checks=self._emphasis.checks)
        return Row(self._glyphs.of(verdict), (name, state, (), (), (Span(count(pods)),), (self._age(workload.created),)))

    def _pod_row(self, key: RowKey, part: PodPart) -> Row:
        pod_ref = next((pod for pod, _ in self._pods(key[:-1]) if (pod.name, pod.container) == (part.name, part.container)), None)
        if pod_ref is None:
            return Row(Span(""), ((Span(part.name, "dim"),), (), (), (), (), ()))
        return Row(
            Span(self._glyphs.states[State.OFF], "faint"),
            ((Span(pod_ref.name, "dim"),), self._pod_cell(pod_ref), (), (), (), (self._age(pod_ref.created),)),
        )

    def _pod_cell(self, pod: PodRef) -> Cell:
        """How a pod is, and where: never beside its name, where both would be cut."""
        state, role = pod_state(pod)
        parts = [Span(state, role), Span(pod.node, "dim")]
        return tuple(span for part in parts if part.text for span in (Span(self._glyphs.dot, "dim"), part))[1:]

    def _age(self, since: datetime | None) -> Span:
        return Span(age(since, self._now), "dim")


def container_state(
    containers: Sequence[Container],
    workload: Workload,
    glyphs: Glyphs,
    more: Sequence[Check] = (),
    first_checks: Collection[CheckName] = (),
) -> Cell:
    """What is not fine with containers, in a few words; `more` are checks of what they run, `first_checks` stand first."""
    trouble = next((container.trouble for container in containers if container.trouble), "")
    if trouble:
        return (Span(trouble.replace("cannot pull: ", "pull: ", 1), "fail"),)
    words = briefs([*(check for container in containers for check in container.checks), *more], glyphs.dot, first_checks)
    if words:
        return words
    return (Span(idle_word(workload), "dim"),) if idle_word(workload) else ()


def pod_state(pod: PodRef) -> tuple[str, str]:
    """The state of a pod in a word or two with its role; nothing when it simply runs."""
    restarts = plural(pod.restarts, "restart") if pod.restarts else ""
    if pod.reason and pod.state != "running":
        return (pod.reason, "dim" if pod.reason == "Completed" else "fail")
    if pod.phase == "Running" and pod.state in ("running", ""):
        return (restarts, "dim")
    return (pod.phase.lower() or "unknown", ROLE[State.WARN] if pod.phase == "Pending" else "dim")


def _extra(workload: Workload, containers: Sequence[Container]) -> Cell:
    """Which container it is, where a workload has several or it is not a plain one."""
    if len(workload.containers) <= 1 or len(containers) != 1:
        return ()
    kind = "" if containers[0].type is ContainerType.CONTAINER else f"{containers[0].type} "
    return (Span(f"  {kind}{containers[0].name}", "dim"),)


_IMAGELESS: WeakMemo[Snapshot, Sequence[ObjectKey]] = WeakMemo()
_IDLE: WeakMemo[Snapshot, Mapping[ImageKey, Sequence[ObjectKey]]] = WeakMemo()


def _find_imageless(snapshot: Snapshot) -> Sequence[ObjectKey]:
    """The workloads that no image leads to: the same under every filter."""
    led_to = {user for users in paced(snapshot.users.values()) for user in users}
    return [key for key in paced(snapshot.workloads) if key not in led_to]


def _find_idle(snapshot: Snapshot) -> Mapping[ImageKey, Sequence[ObjectKey]]:
    """The workloads without pods, by the images that they name, as far as these are known."""
    idle: dict[ImageKey, dict[ObjectKey, None]] = {}
    for key in paced(_IMAGELESS.get(snapshot, lambda: _find_imageless(snapshot))):
        workload = snapshot.workloads[key]
        for container in workload.containers if not workload.pods else ():
            for image in container.images:
                idle.setdefault(image, {})[key] = None
    return {image: tuple(keys) for image, keys in idle.items()}


def _absent(snapshot: Snapshot, key: ImageKey) -> bool:
    image = snapshot.images.get(key)
    return image is not None and bool(image.absent) and not snapshot.derived.get(key)


def _image(key: RowKey) -> ImageKey:
    last = key[-1] if key else None
    return last if isinstance(last, ImageKey) else ImageKey("", "", "")


def build(rows: RowsContext) -> LineageModel:
    """The rows of the view."""
    return LineageModel(rows.snapshot, rows.now, rows.glyphs, rows.shown, emphasis_of(rows))

"""A container of a workload over all its pods: what they run, related to what the name says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from tui.domain.common.text import short
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.pointers import container_places
from tui.domain.facts.pulls import PullExam
from tui.domain.facts.reference import parse_reference
from tui.domain.facts.workload import ContainerType, Node, Pod, PodContainer, TemplateContainer
from tui.domain.snapshot.snapshot import Drift, ImageKey, PodRef
from tui.domain.workloads.counting import pods_with, wants_no_pods
from tui.domain.workloads.drift import DriftJudge, DriftVerdict, RunVariant
from tui.domain.workloads.grouping import Slot, WorkloadDraft, by_slot, platform_of
from tui.domain.workloads.pull_exam import examine
from tui.domain.workloads.pull_failures import is_pulling, sentence
from tui.errors import InvalidReference

__all__ = ["ContainerJoin", "joined_of"]

_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_WORST = (Drift.MIXED, Drift.GONE, Drift.MOVED, Drift.UNKNOWN, Drift.SAME)
_NAMED_NODES = 3
_SILENT = "It runs, but its node does not say what: what runs is not known yet."
Instance = tuple[Pod, PodContainer, DriftVerdict]
Place = tuple[str, int]


class ContainerJoin(msgspec.Struct, frozen=True, gc=False):
    """A container before it is judged; fields as in `snapshot.Container`.

    `idle` says that nothing is meant to run: scaled to zero, suspended, between two jobs. `note` is a remark that changes
    nothing, `altered` says that the registry answered for its name with other bytes, `resolved_at` is when the registry said
    what the name means. `named_digests` are the images that it runs, or would run, with the digest that its name gives of each.
    `needs_node` tells that the platform of a node would answer what is not known.
    """

    slot: Slot
    image: str
    name: RepositoryName | None = None
    tag: str = ""
    pin: str = ""
    digests: tuple[str, ...] = ()
    runs: tuple[ImageKey, ...] = ()
    declared: ImageKey | None = None
    pods: int = 0
    drift: Drift = Drift.UNKNOWN
    reason: str = ""
    note: str = ""
    trouble: str = ""
    pull_policy: str = ""
    refs: tuple[PodRef, ...] = ()
    idle: str = ""
    altered: str = ""
    resolved_at: datetime | None = None
    named_digests: tuple[tuple[ImageKey, str], ...] = ()
    needs_node: bool = False
    pull: PullExam | None = None
    place: Place | None = None
    template: str = ""


def joined_of(group: WorkloadDraft, judge: DriftJudge, nodes: Mapping[str, Node]) -> tuple[ContainerJoin, ...]:
    """Every container of a workload."""
    template = group.template
    declared = {(container.type, container.name): container for container in template}
    live = {pod.uid for pod in group.live}
    own = group.controller.containers if group.controller is not None else ()
    places = container_places(own)
    images = {(container.type, container.name): container.image for container in reversed(own)}  # the first of a name
    joined = []
    for slot, pods in by_slot(group.pods, template).items():
        if pods:
            instances = _instances(pods, judge, nodes)
            joined.append(_running(slot, instances, live, judge, nodes, places.get(slot), images.get(slot, "")))
        elif not group.pods:
            joined.append(_idle(slot, declared[slot], group, judge, places.get(slot)))
    return tuple(joined)


# ---- with pods


def _running(
    slot: Slot,
    instances: list[Instance],
    live: set[str],
    judge: DriftJudge,
    nodes: Mapping[str, Node],
    place: Place | None,
    image_in_template: str,
) -> ContainerJoin:
    counting = [instance for instance in instances if instance[0].uid in live] or instances
    newest = max(counting, key=lambda instance: (instance[0].created or _NEVER, instance[0].name))
    drift, reason, note = _drift(counting, newest)
    verdicts = _distinct(counting)
    started = [finding for finding in verdicts if finding.started or finding.runs is not None]
    refs = tuple([_ref(*instance) for instance in instances])
    stuck = _stuck(counting)
    return ContainerJoin(
        slot=slot,
        image=newest[1].image,
        name=newest[2].name,
        tag=newest[2].tag,
        pin=newest[2].pin,
        digests=tuple(sorted({finding.digest for finding in started if finding.started})),
        runs=tuple(sorted({finding.runs for finding in started if finding.runs is not None})),
        declared=newest[2].declared,
        pods=pods_with(refs),
        drift=drift,
        reason=reason,
        note=note,
        trouble=_trouble(stuck[1], judge) if stuck is not None else "",
        pull=_examined(*stuck, judge, nodes) if stuck is not None else None,
        pull_policy=newest[1].pull_policy,
        refs=refs,
        altered=newest[2].altered or next((finding.altered for finding in verdicts if finding.altered), ""),
        resolved_at=newest[2].resolved_at,
        named_digests=_named(started) or _named([newest[2]]),
        needs_node=drift is Drift.UNKNOWN and any(finding.needs_node for finding in started),
        place=place,
        template=image_in_template if image_in_template != newest[1].image else "",
    )


def _instances(pods: Sequence[tuple[Pod, PodContainer]], judge: DriftJudge, nodes: Mapping[str, Node]) -> list[Instance]:
    """What each pod runs there, by the names of the pods."""
    instances = []
    verdicts: dict[tuple[str, str, str], DriftVerdict] = {}  # most pods run the same, on few nodes
    for pod, container in sorted(pods, key=_pod_name):
        variant = container.image, container.image_id, pod.node
        verdict = verdicts.get(variant)
        if verdict is None:
            verdict = judge.find(RunVariant(container.image, container.image_id, platform_of(pod, nodes)))
            verdicts[variant] = verdict
        instances.append((pod, container, verdict if verdict.digest else _unreported(pod, container, verdict)))
    return instances


def _pod_name(instance: tuple[Pod, PodContainer]) -> str:
    return instance[0].name


def _distinct(instances: Iterable[Instance]) -> list[DriftVerdict]:
    """The findings on instances, each once: thousands of pods have one."""
    return list({id(finding): finding for _, _, finding in instances}.values())


def _named(findings: Sequence[DriftVerdict]) -> tuple[tuple[ImageKey, str], ...]:
    pairs = ((finding.runs or finding.declared, finding.named_digest) for finding in findings)
    return tuple(sorted({(image, digest) for image, digest in pairs if image is not None and digest}))


def _drift(instances: list[Instance], newest: Instance) -> tuple[Drift, str, str]:
    """The worst of what its pods are, where pods of one name but different contents are worse than each alone."""
    started = [instance for instance in instances if instance[2].started or _is_unreported(*instance)]
    if not started:
        return Drift.UNKNOWN, _waiting(newest), ""
    mixed = _mixed(started)
    if mixed:
        return Drift.MIXED, mixed, ""
    worst = min(_distinct(started), key=lambda finding: (_WORST.index(finding.drift), finding.reason))
    return worst.drift, worst.reason, " ".join(filter(None, (worst.note, _rollout(started, newest))))


def _is_unreported(pod: Pod, container: PodContainer, finding: DriftVerdict) -> bool:
    """Whether a container runs, or a volume is there for what runs, and its node does not say in any known form what it is."""
    runs = container.state == "running" or (container.type is ContainerType.VOLUME and pod.phase == "Running")
    return runs and not finding.started


def _unreported(pod: Pod, container: PodContainer, finding: DriftVerdict) -> DriftVerdict:
    """The finding; of what runs and is not reported, it is what its name means now for all that is known, and no more is."""
    if finding.name is None or not _is_unreported(pod, container, finding):
        return finding
    is_volume = container.type is ContainerType.VOLUME
    silent = "The image is mounted, but its node does not say which: it is not known." if is_volume else _SILENT
    reason = finding.reason if container.image_id else silent
    return msgspec.structs.replace(finding, drift=Drift.UNKNOWN, reason=reason, runs=finding.declared)


def _waiting(newest: Instance) -> str:
    _, container, finding = newest
    if finding.name is None or container.image_id:  # no name, or an imageID of an unknown form: the finding says so
        return finding.reason
    why = f" ({container.reason})" if container.reason else ""
    return f"It has not started{why}, so nothing can be compared."


def _mixed(started: list[Instance]) -> str:
    """A sentence when pods of the same name and platform certainly run different contents."""
    alike: dict[tuple[str, str], list[Instance]] = {}
    for instance in started:
        content, platform = instance[2].content, instance[2].platform
        if content and (platform is not None or len(content) > 1):
            alike.setdefault((instance[1].image, str(platform)), []).append(instance)
    for (image, _), instances in sorted(alike.items()):
        apart = _apart(instances)
        if len(apart) > 1:
            parts = sorted((_part(group) for group in apart.values()), reverse=True)
            return f"Pods with the one name {image} run {len(apart)} images: {'; '.join(text for _, text in parts)}."
    return ""


def _apart(instances: list[Instance]) -> dict[frozenset[str], list[Instance]]:
    """The instances by content; contents that overlap, as those of all platforms may, are not told apart."""
    by_content: dict[frozenset[str], list[Instance]] = {}
    for instance in instances:
        content = instance[2].content or frozenset()
        home = next((other for other in by_content if not other.isdisjoint(content)), content)
        by_content.setdefault(home, []).append(instance)
    return by_content


def _part(instances: list[Instance]) -> tuple[int, str]:
    finding = instances[0][2]
    nodes = sorted({pod.node for pod, _, _ in instances if pod.node})
    where = f" on {', '.join(nodes[:_NAMED_NODES])}{' and more' if len(nodes) > _NAMED_NODES else ''}" if nodes else ""
    now = ", which the name means now" if finding.drift is Drift.SAME else ""
    return len(instances), f"{len(instances)} run {short(finding.digest)}{now}{where}"


def _rollout(started: list[Instance], newest: Instance) -> str:
    """A remark while pods of an older spec still run."""
    others = Counter(container.image for _, container, _ in started if container.image != newest[1].image)
    if not others:
        return ""
    return f"A rollout is under way: {', '.join(f'{number} still run {image}' for image, number in sorted(others.items()))}."


def _stuck(instances: list[Instance]) -> tuple[Pod, PodContainer] | None:
    """The newest that cannot get its image."""
    stuck = [(pod, container) for pod, container, _ in instances if is_pulling(container)]
    return max(stuck, key=lambda candidate: (candidate[0].created or _NEVER, candidate[0].name), default=None)


def _trouble(container: PodContainer, judge: DriftJudge) -> str:
    """Why it cannot get its image."""
    try:
        word = judge.word(parse_reference(container.image))
    except InvalidReference:
        word = None
    return sentence(container, word)


def _examined(pod: Pod, container: PodContainer, judge: DriftJudge, nodes: Mapping[str, Node]) -> PullExam:
    """What is known of each step of its pull."""
    try:
        reference = parse_reference(container.image)
    except InvalidReference:
        return examine(container, None, None, pod.pull_secrets)
    return examine(container, reference, judge.registry_word(reference, platform_of(pod, nodes)), pod.pull_secrets)


def _ref(pod: Pod, container: PodContainer, finding: DriftVerdict) -> PodRef:
    # By position: there is one for each container of each pod.
    return PodRef(
        pod.name,
        pod.node,
        pod.phase,
        finding.digest,
        pod.created,
        container.state,
        container.reason,
        container.name,
        container.restarts,
        finding.runs,
    )


# ---- without pods


def _idle(slot: Slot, declared: TemplateContainer, group: WorkloadDraft, judge: DriftJudge, place: Place | None) -> ContainerJoin:
    """What would run: the template's image, if the registry still has it."""
    finding = judge.find(RunVariant(declared.image))
    idle = _why_idle(group)
    drift, reason = Drift.UNKNOWN, f"{idle or 'No pod of it is there'}, so nothing runs that could be compared."
    if finding.name is None:
        reason = finding.reason
    else:
        word = judge.word(parse_reference(declared.image))
        if word.gone:
            drift, reason = Drift.GONE, f"{idle or 'No pod of it is there'}, and it could not start: {word.reason}"
        elif finding.declared is None:
            reason = f"{idle or 'No pod of it is there'}, and what it would run is not known: {word.reason}"
    return ContainerJoin(
        slot=slot,
        image=declared.image,
        name=finding.name,
        tag=finding.tag,
        pin=finding.pin,
        declared=finding.declared,
        drift=drift,
        reason=reason,
        pull_policy=declared.pull_policy,
        idle=idle,
        altered=finding.altered,
        resolved_at=finding.resolved_at,
        named_digests=_named([finding]),
        place=place,
    )


def _why_idle(group: WorkloadDraft) -> str:
    own = group.controller
    if own is None:
        return ""
    if own.suspended:
        return "It is suspended"
    if wants_no_pods(own.kind, own.desired):
        return "It is scaled to zero"
    if own.kind in ("CronJob", "Job"):
        return "No pod of it is kept"
    return ""

"""The dossier of a digest: what happened to it and when, where else its content is, what is built on it, who runs it where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum

import msgspec

from tui.domain.answers.context import AnswerContext
from tui.domain.answers.mix import Mix, mix_of
from tui.domain.answers.moves import Push, push_of
from tui.domain.common.trust import State
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import Image, ImageKey, PodRef, Snapshot
from tui.domain.workloads.counting import UseKind, users_of

__all__ = ["Dossier", "Moment", "MomentKind", "dossier", "dossier_of"]


class MomentKind(StrEnum):
    """What happened to an image."""

    CREATED = "created"
    BUILT = "built"
    PUSHED = "pushed"
    SIGNED = "signed"
    TAGGED = "tagged"
    SCANNED = "scanned"
    RUNNING = "running"
    CHANGED = "changed"


class Moment(msgspec.Struct, frozen=True):
    """Something that happened to it, by whom or by what, in words."""

    at: datetime
    kind: MomentKind
    words: str


class Dossier(msgspec.Struct, frozen=True):
    """All that is known of one image.

    `timeline` is in order of time; `missing` are the moments of which nobody tells. `copies` are other images of the same
    content, `derived` those built on it at any depth, `nodes` hold it, by cluster, as their pods run it. `users` are the
    workloads by how they use it. `is_gone`: its registry does not have it any more.
    """

    image: ImageKey
    timeline: tuple[Moment, ...] = ()
    missing: tuple[MomentKind, ...] = ()
    copies: tuple[ImageKey, ...] = ()
    derived: tuple[ImageKey, ...] = ()
    nodes: tuple[tuple[str, str], ...] = ()
    users: tuple[tuple[UseKind, tuple[ObjectKey, ...]], ...] = ()
    push: Push = Push()
    verdict: State = State.UNKNOWN
    is_gone: bool = False


_ASKED = (MomentKind.CREATED, MomentKind.PUSHED, MomentKind.SIGNED, MomentKind.SCANNED, MomentKind.BUILT)


def dossier(snapshot: Snapshot, image: Image) -> Dossier:
    """What is known of an image."""
    push = push_of(snapshot, image.key)
    pods = [pod for user in snapshot.users.get(image.key, ()) for pod in _pods(snapshot, user, image.key)]
    timeline = sorted([*_moments(image, push), *_first_seen(pods)], key=lambda moment: (moment.at, moment.kind))
    kinds = {moment.kind for moment in timeline}
    nodes = {(cluster, pod.node) for cluster, pod in pods if pod.node}
    return Dossier(
        image.key,
        tuple(timeline),
        tuple(kind for kind in _ASKED if kind not in kinds),
        image.same_content,
        tuple(sorted(_built_on(snapshot, image.key))),
        tuple(sorted(nodes)),
        tuple(users_of(image.key, snapshot).items()),
        push,
        image.verdict,
        image.gone,
    )


def _built_on(snapshot: Snapshot, image: ImageKey) -> set[ImageKey]:
    """Everything that stands on an image, directly or not."""
    above: set[ImageKey] = set()
    stack = [image]
    while stack:
        children = [child for child in snapshot.derived.get(stack.pop(), ()) if child not in above]
        above.update(children)
        stack += children
    return above - {image}


def dossier_of(context: AnswerContext) -> Dossier | Mix:
    """The dossier of the image found, of several that which most pods run; what is wrong where none is found."""
    images = [context.snapshot.images[key] for key in context.selection.images if key in context.snapshot.images]
    if not images:
        return mix_of(context)
    return dossier(context.snapshot, min(images, key=lambda image: (-image.pods, image.key)))


def _pods(snapshot: Snapshot, user: ObjectKey, image: ImageKey) -> Iterator[tuple[str, PodRef]]:
    workload = snapshot.workloads.get(user)
    for container in workload.containers if workload is not None else ():
        yield from ((user.cluster, pod) for pod in container.pod_refs if pod.runs == image and not pod.ended)


def _moments(image: Image, push: Push) -> Iterator[Moment]:
    if image.created is not None:
        yield Moment(image.created, MomentKind.CREATED, "built, as its configuration says")
    if push.run is not None and push.run.finished is not None:
        by = f"run {push.run.id} of {push.job}" if push.job else f"run {push.run.id}"
        yield Moment(push.run.finished, MomentKind.BUILT, f"{by} ended, which pushed it")
    if image.pushed is not None:
        yield Moment(image.pushed, MomentKind.PUSHED, f"pushed to {image.name}")
    yield from _signatures(image)
    for row in image.tag_rows:
        if row.updated is not None:
            yield Moment(row.updated, MomentKind.TAGGED, f"named {row.name}")
    for report in image.scans:
        if report.scanned_at is not None and report.is_scan:
            yield Moment(report.scanned_at, MomentKind.SCANNED, f"scanned by {report.scanner}")
    if not image.tags and image.tags_listed and image.changed is not None and image.changed != image.pushed:
        yield Moment(image.changed, MomentKind.CHANGED, "its record was changed last: it has no tag since then at the latest")


def _signatures(image: Image) -> Iterator[Moment]:
    signings: set[tuple[datetime, str]] = set()
    for outcome in (outcome for verified in image.signatures for outcome in verified.outcomes):
        signed = outcome.timestamp.time if outcome.timestamp is not None else outcome.signing_time
        if signed is not None and (signed, outcome.signer) not in signings:
            signings.add((signed, outcome.signer))
            proven = "" if outcome.timestamp is not None else ", as the signature claims"
            yield Moment(signed, MomentKind.SIGNED, f"signed by {outcome.signer or 'somebody unknown'}{proven}")


def _first_seen(pods: Iterable[tuple[str, PodRef]]) -> Iterator[Moment]:
    """The oldest pod that runs it; older ones may have ended."""
    dated = [(pod.created, cluster, pod.name) for cluster, pod in pods if pod.created is not None]
    if dated:
        created, cluster, name = min(dated)
        yield Moment(created, MomentKind.RUNNING, f"the oldest pod that runs it was made: {name} in {cluster}")

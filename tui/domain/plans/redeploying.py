"""What makes workloads run a new image: a restart where their tag names it by itself, else a pin of its digest.

A restart is enough only if nodes ask for the tag again: with another pull policy than `Always` a node that holds the old image
under this tag starts that one (kubernetes.io, Images, "Image pull policy"). What Git or Helm owns is pinned there, or undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from tui.domain.builds.tags import is_open, tag_matches
from tui.domain.common.pace import paced
from tui.domain.common.text import clean, short
from tui.domain.facts.build import Job
from tui.domain.facts.pointers import image_pointer
from tui.domain.facts.workload import ContainerType, ObjectKey
from tui.domain.lineage.base_tags import is_exact
from tui.domain.plans import commands
from tui.domain.plans.gitops import patch_for_git
from tui.domain.plans.meanings import PINNABLE, left_as_it_is, meant_now, starts_later, untold, written_image
from tui.domain.plans.needs import RebuildIndex
from tui.domain.plans.plan import Action, Plan, Precondition, Step, StepKind, image_condition
from tui.domain.plans.templates import is_ahead, rewritten, unpinnable
from tui.domain.plans.words import image_title, make_plan, step_id, workload_title
from tui.domain.snapshot.snapshot import BaseState, Container, ImageKey, Snapshot, Workload

__all__ = ["NewImage", "Redeploys", "image_seen", "redeploy", "redeploy_steps"]


class NewImage(msgspec.Struct, frozen=True, gc=False):
    """What takes the place of an image that runs: it is there (`step` empty), or a step builds it under the tags of `key`."""

    key: ImageKey
    clean: bool
    step: str = ""
    job: Job | None = None


class Redeploys(msgspec.Struct, frozen=True):
    """Steps, and what was found besides."""

    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def redeploy(
    snapshot: Snapshot, images: Iterable[ImageKey], workloads: Iterable[ObjectKey] = (), *, query: str, now: datetime
) -> Plan:
    """A plan by which workloads run what their names mean now: those selected, and those that run a selected image."""
    index = RebuildIndex(snapshot)
    chosen = sorted({*workloads, *(user for key in images for user in snapshot.users.get(key, ()))})
    changes = _Changes(snapshot, {}, {}, index)
    notes: list[str] = []
    unknown = [f"{workload_title(name)} is not known any more." for name in chosen if name not in snapshot.workloads]
    for workload in (snapshot.workloads[name] for name in chosen if name in snapshot.workloads):
        before = len(changes.steps), len(changes.notes)
        changes.add(workload)
        if before == (len(changes.steps), len(changes.notes)):
            notes += left_as_it_is(workload, index)
        unknown += untold(workload, index)
    return make_plan(snapshot, Action.REDEPLOY, query, now, tuple(changes.steps), (*changes.notes, *notes), unknown)


def redeploy_steps(snapshot: Snapshot, new: Mapping[ImageKey, NewImage], rebuilds: Mapping[str, Step]) -> Redeploys:
    """The steps by which everything that runs one of these images runs the new one."""
    # In the order of the images, which is nearly that of the workloads: that is sorted sooner.
    users = dict.fromkeys([user for key in paced(new) for user in snapshot.users.get(key, ())])
    # What has no pods, a CronJob between two of its Jobs or what is scaled to zero, starts what it names again.
    workloads = paced(snapshot.workloads.items())
    users |= dict.fromkeys([name for name, workload in workloads if starts_later(workload) and _has_any(workload, new)])
    changes = _Changes(snapshot, new, rebuilds)
    for name in sorted(users):
        if name in snapshot.workloads:
            changes.add(snapshot.workloads[name])
    return Redeploys(tuple(changes.steps), tuple(changes.notes))


def _has_any(workload: Workload, images: Mapping[ImageKey, NewImage]) -> bool:
    return any(image in images for container in workload.containers for image in container.images)


class _Change(msgspec.Struct, frozen=True, gc=False):
    """A container that is to run a new image. `moves`: its tag will name it by itself; `pulls`: nodes ask for the tag again."""

    container: Container
    old: ImageKey
    new: NewImage
    moves: bool

    @property
    def pulls(self) -> bool:
        policy = self.container.pull_policy
        return policy == "Always" or (not policy and self.container.tag in ("", "latest"))


class _Changes:
    """Steps for what takes the place of images (`new`); with an `index` for what the names of containers mean now instead."""

    def __init__(
        self,
        snapshot: Snapshot,
        new: Mapping[ImageKey, NewImage],
        rebuilds: Mapping[str, Step],
        index: RebuildIndex | None = None,
    ) -> None:
        self._snapshot, self._new, self._rebuilds, self._index = snapshot, new, rebuilds, index
        self.steps: list[Step] = []
        self.notes: list[str] = []

    def add(self, workload: Workload) -> None:
        """The steps of one workload."""
        changes = [change for container in workload.containers if (change := self._change(container)) is not None]
        if not changes:
            return
        if workload.key.kind not in PINNABLE:
            self.steps.append(self._impossible(workload, changes))
            return
        if ahead := [change for change in changes if is_ahead(change.container)]:
            self._wait(workload, changes, ahead)
            return
        pins = [change for change in changes if not (change.moves and (change.pulls or workload.managed_by))]
        if fixed := [change for change in pins if unpinnable(workload, change.container)]:
            self.steps += [self._unpinnable(workload, change) for change in fixed]
            pins = [change for change in pins if change not in fixed]
            changes = [change for change in changes if change not in fixed]
        restarts = [change for change in changes if change not in pins]
        if restarts and workload.key.kind == "CronJob":
            self.notes.append(f"{workload_title(workload.key)} takes the new image when it starts next.")
        elif restarts and not workload.pods:
            self.notes.append(f"{workload_title(workload.key)} has no pods: it takes the new image when it starts.")
        elif restarts and (not pins or workload.managed_by):
            self.steps.append(self._restart(workload, restarts))
        if pins:
            self._pin_all(workload, pins if workload.managed_by else changes)

    def _pin_all(self, workload: Workload, pins: list[_Change]) -> None:
        """One step for each image that comes in."""
        groups: dict[NewImage, list[_Change]] = {}
        for change in pins:
            groups.setdefault(change.new, []).append(change)
        self.steps += [self._pin(workload, image, group) for image, group in groups.items()]

    def _change(self, container: Container) -> _Change | None:
        if self._index is not None:
            return self._renewal(container, meant_now(container, self._index))
        if container.name_of is None:
            return None
        for old in container.images:
            if (new := self._new.get(old)) is not None:
                return self._replacement(container, old, new)
        return None

    def _replacement(self, container: Container, old: ImageKey, new: NewImage) -> _Change | None:
        """A container that runs what another image takes the place of."""
        if new.step == "" and set(container.runs) == {new.key}:
            return None
        if new.step == "" and not container.pin and container.declared not in (None, old, new.key):
            return self._renewal(container, container.declared)  # another tag of the repository has moved to something else
        return _Change(container, old, new, self._moves(container, new))

    def _renewal(self, container: Container, declared: ImageKey | None) -> _Change | None:
        """A container that runs other content than its own name means now."""
        image = self._snapshot.images.get(declared) if declared is not None else None
        if declared is None or image is None or container.name_of is None:
            return None
        same = {declared, *image.same_content}
        old = next(
            (key for key in container.runs or written_image(container) if key not in same and key.digest not in image.digests),
            None,
        )
        if old is None:
            return None
        link = image.base
        new = NewImage(declared, link is not None and link.state is BaseState.CURRENT)
        return _Change(container, old, new, self._moves(container, new))

    def _moves(self, container: Container, new: NewImage) -> bool:
        """Whether the tag of a container names the new image by itself, as far as can be told before it is built."""
        if container.pin:
            return False
        if not new.step:
            return container.declared == new.key
        name, tag = container.name_of, container.tag or "latest"
        tags = [built.tag for built in new.job.images if built.name == name] if new.job is not None else []
        if tag in tags and not is_open(tag):
            return True
        if tags and not [written for written in tags if is_open(written) or tag_matches(written, tag)]:
            return False
        image = self._snapshot.images.get(new.key)
        return image is not None and tag in image.tags and not is_exact(tag)

    def _wait(self, workload: Workload, changes: list[_Change], ahead: list[_Change]) -> None:
        """Its template has what its pods do not run yet: what would replace that is not what was looked at."""
        title = workload_title(workload.key)
        if all(change.new.key.digest in change.container.template for change in ahead):
            self.notes.append(f"{title} names the new image already: its next pods run it.")
            return
        template, image = clean(ahead[0].container.template, 160), clean(ahead[0].container.image, 160)
        self.steps.append(
            msgspec.structs.replace(
                self._step(StepKind.RESTART, workload, changes),
                what="Restarts its pods.",
                blocked=f"Its template names {template}, and its newest pod was made with {image}.",
                remedy="Let its pods be replaced, or take the change of its template back, then plan again.",
            )
        )

    def _unpinnable(self, workload: Workload, change: _Change) -> Step:
        container, owner = change.container, workload.managed_by
        is_volume, name = container.type is ContainerType.VOLUME, clean(container.name, 60)
        image = "" if change.new.step else _pinned(change)
        by_hand = commands.mount(workload.key, container.name, image) if is_volume and image and not owner else ()
        remedy = "Change what puts it there." if not is_volume else "Change its template by hand."
        if is_volume and owner:
            remedy = patch_for_git(workload, (container,), image, container.name_of)
        return msgspec.structs.replace(
            self._step(StepKind.PIN, workload, [change], container.type, container.name),
            what=f"Would put the new digest in place of what {name} names.",
            blocked=unpinnable(workload, container),
            remedy=remedy,
            new_image=image or self._reference(change),
            commands=by_hand,
        )

    # ---- steps

    def _step(self, kind: StepKind, workload: Workload, changes: list[_Change], *parts: str) -> Step:
        needs: dict[str, int] = {}
        names: list[str] = []
        preconditions: list[Precondition] = []
        for change in changes:
            names.append(change.container.name)
            preconditions.append(image_seen(workload.key, change.container))
            if name := change.new.step:
                needs[name] = self._rebuilds[name].wave
        key, first = workload.key, changes[0]
        return Step(
            id=step_id(kind, key.cluster, key.namespace, key.kind, key.name, *parts),
            kind=kind,
            target=workload_title(key),
            what="",
            why=self._why(changes),
            image=first.new.key,
            workload=key,
            containers=tuple(names),
            new_image=self._reference(first),
            needs=tuple(needs),
            wave=1 + max(needs.values(), default=0),
            leaves=self._leaves(workload, changes),
            preconditions=tuple(preconditions),
        )

    def _why(self, changes: list[_Change]) -> str:
        first = changes[0]
        title, digest = image_title(self._snapshot, first.old), short(first.old.digest)
        runs = f"It runs {title}" if digest in title else f"It runs {title} ({digest})"
        if first.new.step:
            return f"{runs}, which is rebuilt first."
        base = " and is built on the newest build of its base" if first.new.clean else ""
        return f"{runs}; {short(first.new.key.digest)} is there already{base}."

    def _reference(self, change: _Change) -> str:
        name, tag = change.container.name_of, change.container.tag
        start = f"{name!s}:{tag}" if tag else str(name)
        return start if change.new.step or change.moves else f"{start}@{change.new.key.digest}"

    @staticmethod
    def _leaves(workload: Workload, changes: list[_Change]) -> tuple[str, ...]:
        if len(changes) == len(workload.containers):
            return ()
        changed = {change.container.name for change in changes}
        others = [clean(container.name, 60) for container in workload.containers if container.name not in changed]
        return (f"Its other containers keep their images: {', '.join(others)}.",) if others else ()

    def _restart(self, workload: Workload, changes: list[_Change]) -> Step:
        step = self._step(StepKind.RESTART, workload, changes)
        warnings = []
        if workload.managed_by:
            warnings.append(f"{workload.managed_by} owns it and may undo the restart: that is watched.")
            # What nobody owns is pinned instead.
            if not all(change.pulls for change in changes):
                warnings.append("Its pull policy lets nodes start the old image again, which they hold under this tag.")
        blocked = _blocked(workload)
        return msgspec.structs.replace(
            step,
            what="Restarts its pods, one after the other: their tag names the new image then.",
            warnings=tuple(warnings),
            blocked=blocked,
            remedy=_RIGHT if blocked else "",
            commands=commands.restart(workload.key),
            undo="A restart cannot be undone: kubectl rollout undo starts the same tag. Pin the digest that ran before instead.",
        )

    def _pin(self, workload: Workload, image: NewImage, changes: list[_Change]) -> Step:
        step = self._step(StepKind.PIN, workload, changes, str(changes[0].container.name_of))
        names = [change.container.name for change in changes]
        first, key = changes[0], workload.key
        old = f"{first.container.name_of}@{first.old.digest}"
        containers = tuple(change.container for change in changes)
        tag = first.container.tag or "latest"
        by_hand = commands.pin_new(key, names, image.key, tag) if image.step else commands.pin(key, names, _pinned(first))
        patch = patch_for_git(workload, containers, "" if image.step else _pinned(first), first.container.name_of)
        owned = f"{workload.managed_by} owns it and would undo the change of its image." if workload.managed_by else ""
        blocked = _blocked(workload)
        return msgspec.structs.replace(
            step,
            what=f"Puts the new digest in place of what container {', '.join(clean(name, 60) for name in names)} names.",
            why=f"{step.why} {_why_pinned(first)}",
            warnings=tuple(filter(None, [warning for change in changes for warning in self._warnings(change)])),
            blocked=owned or blocked,
            remedy=patch if owned else _RIGHT if blocked else "",
            new_image=step.new_image if image.step else _pinned(first),
            commands=by_hand,
            undo="; ".join(commands.pin(key, names, old)),
        )

    def _warnings(self, change: _Change) -> tuple[str, str]:
        return self._other_version(change), rewritten(change.container)

    def _other_version(self, change: _Change) -> str:
        """That it names one version and would run another: of old versions there may be no new build."""
        tag, image = change.container.tag or "", self._snapshot.images.get(change.new.key)
        versions = [clean(other, 60) for other in image.tags if is_exact(other)] if image is not None else []
        if not is_exact(tag) or image is None or tag in image.tags or not versions:
            return ""
        return f"It names version {clean(tag, 60)} and would run {versions[0]}: see what has changed between them before."

    def _impossible(self, workload: Workload, changes: list[_Change]) -> Step:
        kind = workload.key.kind
        if kind == "Pod":
            reason, remedy = "Nothing restarts this pod.", "Delete it and let what made it make it again."
        elif kind == "Job":
            reason, remedy = "The pods of a Job cannot be changed.", "Let it end, or delete it and create it again."
        else:
            reason = f"A {clean(kind, 60)} never replaces its pods by itself."
            remedy = "Delete its pods one by one: new ones start with the new image."
            if not all(change.moves and change.pulls for change in changes):
                remedy = "Put the new image into its template, then delete its pods one by one: new ones start with it."
        step = self._step(StepKind.RESTART, workload, changes)
        return msgspec.structs.replace(step, what="Restarts its pods.", blocked=reason, remedy=remedy)


_RIGHT = "Ask for the right to read the owners of pods: trustree doctor says which is missing."


def _blocked(workload: Workload) -> str:
    return "" if workload.owner_readable else "Who owns it may not be read: it is not known what else would be changed."


def _pinned(change: _Change) -> str:
    """The reference that is put in place: the tag stays beside the digest, for people and for the next redeploy."""
    tag = f":{change.container.tag}" if change.container.tag else ""
    return f"{change.container.name_of}{tag}@{change.new.key.digest}"


def image_seen(workload: ObjectKey, container: Container) -> Precondition:
    """What a change of a container is held against: the image that it has, by the pointer to it where its place is known."""
    return Precondition(image_condition(container.name), container.in_template, image_pointer(workload.kind, container.place))


def _why_pinned(change: _Change) -> str:
    if change.container.pin:
        return "Its digest is written in the workload, so that a restart would start the old one."
    if change.moves:
        policy = clean(change.container.pull_policy, 30) or "IfNotPresent"
        return f"Its pull policy is {policy}: a restart may start what nodes hold."
    return f"Its tag {clean(change.container.tag, 128)} will not name the new image."

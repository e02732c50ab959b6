"""Whether a finished run did what was wanted: pure, from run and snapshot to a proof, to what is waited for, or to a refusal.

In this order: pushed by that run, on the newer base, complete for its platforms, signed, scanned. Nothing is proven by its
absence: where nothing says so yet, it is waited for; where nobody asks for it, that is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from tui.actions.transitions import Proof, ProofKind, Replaced, Stage
from tui.domain.common.text import clean, listed, short
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.facts.build import BuiltImage, Run
from tui.domain.facts.image import RepositoryName
from tui.domain.lineage.base_tags import newer_minor, newer_patch
from tui.domain.snapshot.snapshot import BaseLink, BaseState, Image, ImageKey, Snapshot

__all__ = [
    "VERIFYING",
    "Awaited",
    "RebuiltImage",
    "Refuted",
    "Verdict",
    "image_of",
    "joined",
    "same_content",
    "tag_holder",
    "verify",
]

SLACK = timedelta(minutes=5)
"""By so much the clocks of builders and registries may differ."""


class Awaited(msgspec.Struct, frozen=True):
    """It is not proven yet, and may be later: what is waited for, in words. `absent`: it is known that it is not there yet."""

    words: str
    absent: bool = False


class Refuted(msgspec.Struct, frozen=True):
    """It is proven that it is not so."""

    sentence: str
    remedy: str = ""


Verdict = Proof | Awaited | Refuted


class RebuiltImage(msgspec.Struct, frozen=True):
    """One image of a rebuild whose run has ended well; `sent` is when that was asked for.

    `bases` are the digests that the rebuilds it needs have pushed, by repository; `sibling_tags` the tags of the other images
    of the same repository that the run replaces.
    """

    image: Replaced
    run: Run
    sent: datetime | None
    bases: Mapping[RepositoryName, str]
    sibling_tags: tuple[str, ...] = ()

    @property
    def name(self) -> RepositoryName:
        """The repository that is built into."""
        return self.image.key.name


def verify(stage: Stage, built: RebuiltImage, snapshot: Snapshot, now: datetime) -> Verdict:
    """The proof that leads on from a stage."""
    return VERIFYING[stage](built, snapshot, now)


@lru_cache(maxsize=2)
def _by_repository(snapshot: Snapshot) -> Mapping[RepositoryName, tuple[Image, ...]]:
    """The images of each repository; a snapshot is itself and no other, so this is made once for each."""
    images: dict[RepositoryName, list[Image]] = {}
    for image in snapshot.images.values():
        images.setdefault(image.name, []).append(image)
    return {name: tuple(rows) for name, rows in images.items()}


def joined(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict on several images of one run: the worst, or the proof of all."""
    for kind in (Refuted, Awaited):
        worst = next((verdict for verdict in verdicts if isinstance(verdict, kind)), None)
        if worst is not None:
            return worst
    proofs = [verdict for verdict in verdicts if isinstance(verdict, Proof)]
    words = " ".join(dict.fromkeys(proof.words for proof in proofs))
    return msgspec.structs.replace(proofs[0], words=words, waived=any(proof.waived for proof in proofs))


def image_of(snapshot: Snapshot, name: RepositoryName, digest: str) -> Image | None:
    """The image that has this digest, as index, platform or top, in this repository."""
    image = snapshot.images.get(ImageKey.of(name, digest))
    if image is not None or not digest:
        return image
    return next((image for image in _by_repository(snapshot).get(name, ()) if digest in image.digests), None)


def same_content(snapshot: Snapshot, name: RepositoryName, digest: str) -> frozenset[str]:
    """Every digest by which a node may call what this digest names: index, platforms, configurations."""
    image = image_of(snapshot, name, digest)
    return frozenset({digest}) if image is None else frozenset({digest, *image.digests, *image.config_digests})


def tag_holder(snapshot: Snapshot, name: RepositoryName, tag: str) -> Image | None:
    """The image that a tag names now."""
    return next((image for image in _by_repository(snapshot).get(name, ()) if tag in image.tags), None)


# ---- pushed by that run?


def _pushed(built: RebuiltImage, snapshot: Snapshot, now: datetime) -> Verdict:
    run = built.run
    if run.images is None:
        return _pushed_unsaid(built, snapshot, now)
    if not run.images:
        return Refuted(f"Run {_id(run)} succeeded and pushed nothing.", "Look at its log: does the job push at all?")
    ours = [image for image in run.images if image.name == built.name]
    if not ours:
        others = listed([clean(f"{image.name}:{image.tag}", 80) for image in run.images[:3]])
        return Refuted(f"Run {_id(run)} pushed {others}, and nothing to {built.name}.", "Name the job that builds this image.")
    digests = {image.digest for image in ours if image.digest}
    if not digests:
        return _pushed_unsaid(built, snapshot, now)
    if len(digests) > 1:
        ours = [image for image in ours if image.tag and image.tag in built.image.tags]
        digests = {image.digest for image in ours if image.digest}
        if built.run.by_log and not digests:
            return _pushed_unsaid(built, snapshot, now)  # parts of an index have tags of their own; the log does not tell of it
        if len(digests) != 1:
            return Refuted(f"Run {_id(run)} pushed several images to {built.name}: which of them replaces this is not known.")
    return _confirmed(built, ours[0], digests.pop(), snapshot, now)


def _confirmed(built: RebuiltImage, pushed: BuiltImage, digest: str, snapshot: Snapshot, now: datetime) -> Verdict:
    """The builder says so: the registry must have it, and its tag must still name it."""
    if digest in same_content(snapshot, built.name, built.image.key.digest):
        return Refuted(
            f"Run {_id(built.run)} pushed what was there before, {short(digest)}: nothing has changed.",
            "Is the base pinned by digest, or taken from a build cache?",
        )
    image = image_of(snapshot, built.name, digest)
    if image is None or image.absent:
        return Awaited(f"the registry to show {short(digest)}, which run {_id(built.run)} pushed")
    holder = tag_holder(snapshot, built.name, pushed.tag) if pushed.tag else image
    if holder is None or (holder.key != image.key and _was_there_before(holder, built)):
        return Awaited(f"the tag {clean(pushed.tag, 60)} to name {short(digest)}")
    if holder.key != image.key:
        return Refuted(
            f"The tag {clean(pushed.tag, 60)} names {short(holder.key.digest)}, which run {_id(built.run)} did not push: "
            f"it pushed {short(digest)}, and somebody moved the tag.",
            "Find out who pushed it before anything is rolled out.",
        )
    if not built.run.by_log:
        return Proof(ProofKind.PUSH, f"Run {_id(built.run)} pushed {short(digest)}.", now, digest)
    begun = built.run.started or built.run.created or built.sent
    if image.pushed is not None and begun is not None and image.pushed < begun - SLACK:
        return Refuted(
            f"The log of run {_id(built.run)} says that it pushed {short(digest)}, which was there before the run began.",
            "Look at its log: does the job push at all?",
        )
    words = f"Run {_id(built.run)} pushed {short(digest)}: its log says so, and the tag names it."
    return Proof(ProofKind.PUSH, words, now, digest)


def _was_there_before(holder: Image, built: RebuiltImage) -> bool:
    """Whether a tag names what it named before the run: the registry was not read since, or the tag was put back."""
    begun = built.run.started or built.run.created or built.sent
    came_at = holder.pushed or holder.created
    is_older = came_at is not None and begun is not None and came_at < begun - SLACK
    return holder.key.digest == built.image.key.digest or is_older


def _pushed_unsaid(built: RebuiltImage, snapshot: Snapshot, now: datetime) -> Verdict:
    """The builder does not tell what it pushed: a tag of the image must name another one, which came while the run ran."""
    run, old = built.run, built.image
    begun = run.started or run.created or built.sent
    if begun is None:
        return Awaited(f"run {_id(run)} to say when it started")
    period = (begun, run.finished or now)
    candidates = _came_under(old.tags, built, snapshot, *period) or _came_under(_newer_beside(built), built, snapshot, *period)
    if len(candidates) > 1:
        return Refuted(f"While run {_id(run)} ran, several images came to {built.name}: which of them is its own is not known.")
    if not candidates:
        return Awaited(f"an image of run {_id(run)} to come to {built.name}")
    (image,) = candidates.values()
    words = f"{short(image.key.digest)} came under its tag while run {_id(run)} ran, which does not show what it pushes."
    return Proof(ProofKind.PUSH, words, now, image.key.digest)


def _came_under(
    tags: Iterable[str], built: RebuiltImage, snapshot: Snapshot, begun: datetime, finished: datetime
) -> dict[ImageKey, Image]:
    """What tags name now that came while the run ran, and is not what is to be replaced."""
    holders = (tag_holder(snapshot, built.name, tag) for tag in tags)
    old = built.image.key.digest
    return {
        holder.key: holder
        for holder in holders
        if holder is not None and old not in holder.digests and _came_during(holder, begun, finished)
    }


def _newer_beside(built: RebuiltImage) -> tuple[str, ...]:
    """Newer tags of the same series that the run replaces as well: a job pushes its newest version, and an old one no more."""
    newer = (find(tag, built.sibling_tags) for tag in built.image.tags for find in (newer_patch, newer_minor))
    return tuple(dict.fromkeys(filter(None, newer)))


def _came_during(image: Image, begun: datetime, finished: datetime) -> bool:
    came_at = image.pushed or image.created
    return came_at is not None and begun - SLACK <= came_at <= finished + SLACK


# ---- on the newer base?


def _on_base(built: RebuiltImage, snapshot: Snapshot, now: datetime) -> Verdict:
    image = image_of(snapshot, built.name, built.image.digest)
    if image is None or image.absent:
        return Awaited("what was pushed to be read")
    if image.base is None:
        if image.root and not built.image.base:
            return Proof(ProofKind.BASE, "It has no base, as before.", now, waived=True)
        return Awaited("what it is built on to be known")
    return _judged_base(built, image.base, snapshot, now)


def _judged_base(built: RebuiltImage, link: BaseLink, snapshot: Snapshot, now: datetime) -> Verdict:
    name = link.base.name
    base = f"{name}@{short(link.base.digest)}"
    expected = built.bases.get(name)
    if expected is not None:
        if link.base.digest in same_content(snapshot, name, expected):
            return Proof(ProofKind.BASE, f"It is built on {base}, which was rebuilt just before.", now, link.base.digest)
        return _old_base(built, f"It is built on {base} and not on {short(expected)}, which was rebuilt just before.")
    if link.state is BaseState.CURRENT:
        return Proof(ProofKind.BASE, f"It is built on {base}, the newest.", now, link.base.digest)
    if _is_newer(built, link, snapshot):
        words = f"It is built on {base}, which is newer than before, though not the newest. {link.state_reason}".rstrip()
        return Proof(ProofKind.BASE, words, now, link.base.digest)
    if link.state is BaseState.OUTDATED:
        return _old_base(built, f"It is built on {base}, which is old. {link.state_reason}".rstrip())
    return Awaited(f"whether {base} is the newest to be known")


def _old_base(built: RebuiltImage, sentence: str) -> Refuted:
    return Refuted(
        f"Run {_id(built.run)} built on the old base: {sentence}", "Is the base pinned in the build, or taken from a build cache?"
    )


def _is_newer(built: RebuiltImage, link: BaseLink, snapshot: Snapshot) -> bool:
    before, new = built.image.base, snapshot.images.get(link.base)
    old = snapshot.images.get(before) if before is not None else None
    if old is None or new is None or old.key == new.key or old.name != new.name:
        return False
    came_at = [image.pushed or image.created for image in (old, new)]
    return came_at[0] is not None and came_at[1] is not None and came_at[0] < came_at[1]


# ---- complete, signed, scanned?


def _complete(built: RebuiltImage, snapshot: Snapshot, now: datetime) -> Verdict:
    image = image_of(snapshot, built.name, built.image.digest)
    if image is None or not image.platforms:
        return Awaited("the platforms of what was pushed to be read")
    missing = sorted(str(platform) for platform in set(built.image.platforms) - set(image.platforms))
    platforms = listed([str(platform) for platform in image.platforms])
    if missing:
        return Refuted(
            f"The new image is for {platforms} alone: {listed(missing)} is missing, for which the one before was built too.",
            "Build it for every platform that nodes have.",
        )
    return Proof(ProofKind.PLATFORMS, f"It is there for {platforms}.", now, platforms)


def _signed(built: RebuiltImage, snapshot: Snapshot, now: datetime) -> Verdict:
    image = image_of(snapshot, built.name, built.image.digest)
    check = _check_of(image, CheckName.SIGNATURE)
    if image is None or check is None:
        return Awaited("its signature")
    match check.state:
        case State.PASS:
            return Proof(ProofKind.SIGNATURE, check.reason, now, image.key.digest)
        case State.OFF:
            return Proof(ProofKind.SIGNATURE, check.reason, now, waived=True)
        case _:
            return Awaited(f"its signature: {check.reason}", absent=check.state is not State.UNKNOWN)


def _scanned(built: RebuiltImage, snapshot: Snapshot, now: datetime) -> Verdict:
    image = image_of(snapshot, built.name, built.image.digest)
    check = _check_of(image, CheckName.SCAN)
    if image is None or check is None:
        return Awaited("a scan of it")
    if check.state is State.OFF:
        return Proof(ProofKind.SCAN, check.reason, now, waived=True)
    reports = [report for report in image.scans if report.is_scan]
    if not reports or image.scan_gap:
        return Awaited(f"a scan of it: {image.scan_gap or check.reason}")
    sources = listed(sorted({str(report.source) for report in reports}))
    return Proof(ProofKind.SCAN, f"It was scanned by {sources}: {check.reason}", now, sources)


def _check_of(image: Image | None, name: CheckName) -> Check | None:
    return next((check for check in image.checks if check.name is name), None) if image is not None else None


def _id(run: Run) -> str:
    return clean(run.id, 60)


VERIFYING: Mapping[Stage, Callable[[RebuiltImage, Snapshot, datetime], Verdict]] = {
    Stage.FOLLOWING: _pushed,
    Stage.PUSHED: _on_base,
    Stage.ON_BASE: _complete,
    Stage.COMPLETE: _signed,
    Stage.SIGNED: _scanned,
}
"""What is asked in a stage, of a run that has ended well."""

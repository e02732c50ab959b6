"""Why an image, or a base that cannot be read, has its verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.domain.answers.why import evidence
from tui.domain.answers.why.chain import (
    CANNOT_TELL,
    MOST,
    Why,
    WhyFact,
    beside,
    chain_fact,
    each_command_once,
    name_of,
    place_of,
)
from tui.domain.answers.why.evidence import Command
from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.common.text import clean, first_few, listed, plural
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.snapshot.snapshot import Image, ImageKey, Snapshot, Workload
from tui.domain.workloads.counting import pods_of

__all__ = ["check_fact", "image_commands", "users_of_image", "why_base", "why_image"]


def why_image(snapshot: Snapshot, key: ImageKey) -> Why | None:
    """Why an image has its verdict."""
    image = snapshot.images.get(key)
    if image is None:
        return None
    users = users_of_image(snapshot, key)
    deciding = [check for check in image.checks if check.state is image.verdict]
    facts = [_identity(image), *(check_fact(check, image, users) for check in deciding), _use(snapshot, key, users)]
    return Why(name_of(image), key.reference, image.verdict, each_command_once(facts), beside(image.checks, deciding))


def why_base(snapshot: Snapshot, key: ImageKey) -> Why | None:
    """Why a base that cannot be read is unknown."""
    base = snapshot.bases.get(key)
    if base is None:
        return None
    built = [snapshot.images[child] for child in snapshot.derived.get(key, ()) if child in snapshot.images]
    fact = WhyFact("base", State.UNKNOWN, base.reason, means="What it has, and whether it is still the newest, is not known.")
    names = listed([name_of(image) for image in built], MOST) if built else ""
    on_it = f"Built directly on it: {names}." if built else "Nothing that is known is built directly on it."
    commands = tuple(command for image in built[:1] for command in evidence.of_configuration(image, "the layers of one of them"))
    facts = [fact, WhyFact("use", State.OFF, on_it, commands=commands)]
    return Why(clean(base.label, 200), base.key.reference, State.UNKNOWN, each_command_once(facts))


def _identity(image: Image) -> WhyFact:
    """What the image is, by its digest, or why it cannot be read."""
    sources = (SourceId(SourceKind.REGISTRY, image.key.registry),)
    if image.absent:
        return WhyFact("image", State.UNKNOWN, f"{image.name} cannot be read: {image.absent}", sources, image.as_of, CANNOT_TELL)
    tags = f", tagged {listed([clean(tag, 128) for tag in image.tags], MOST)}" if image.tags else ", without a tag"
    sentence = f"It is the image {image.key.digest or 'of a digest that is not known'} in {image.name}{tags}."
    return WhyFact("image", State.OFF, sentence, sources, image.as_of, commands=tuple(evidence.of_image(image)))


def users_of_image(snapshot: Snapshot, key: ImageKey) -> list[Workload]:
    """The workloads that run an image, those with most pods first."""
    users = [snapshot.workloads[user] for user in snapshot.users.get(key, ()) if user in snapshot.workloads]
    return sorted(users, key=lambda workload: (-pods_of(workload, {key}), workload.key))


def _use(snapshot: Snapshot, key: ImageKey, users: Sequence[Workload]) -> WhyFact:
    """Who runs the image: what the verdict matters for."""
    clusters = tuple(SourceId(SourceKind.CLUSTER, name) for name in sorted({user.key.cluster for user in users}))
    if not users:
        return WhyFact("use", State.OFF, "No workload that is known runs it.")
    pods = sum(pods_of(workload, {key}) for workload in users)
    places = [f"{place_of(workload.key)} ({plural(pods_of(workload, {key}), 'pod')})" for workload in users[:MOST]]
    named = first_few(places, MOST, len(users))
    sentence = f"It runs in {plural(len(users), 'workload')} with {plural(pods, 'pod')}: {named}."
    commands = tuple(command for workload in users[:MOST] for command in evidence.of_workload(workload))
    as_of = min((workload.as_of for workload in users if workload.as_of), default=None)
    return WhyFact("use", State.OFF, sentence, clusters, as_of, commands=commands)


def check_fact(check: Check, image: Image, users: Sequence[Workload], about: str = "") -> WhyFact:
    """What a check answers of an image, with the commands that show it."""
    return chain_fact(check, about or check.name.value, tuple(image_commands(check, image, users)))


def image_commands(check: Check, image: Image, users: Sequence[Workload]) -> Iterator[Command]:
    """The commands that show what a check answers of an image; `users` are the workloads to ask, the widest first."""
    match check.name:
        case CheckName.REGISTRY:
            yield from evidence.of_image(image)
        case CheckName.SIGNATURE:
            yield from evidence.of_signature(image)
        case CheckName.SCAN:
            yield from evidence.of_scan(image, check.sources, (workload.key for workload in users))
        case CheckName.BASE:
            yield from evidence.of_base(image)
        case CheckName.AGE:
            yield from evidence.of_configuration(image)
        case CheckName.IDENTITY | CheckName.ADMISSION:
            yield from _of_users(check, image, users)


def _of_users(check: Check, image: Image, users: Sequence[Workload]) -> Iterator[Command]:
    """What is asked of containers is shown by those that answer so."""
    for workload in users:
        for container in workload.containers:
            if image.key in container.images and any(
                own.name is check.name and own.state is check.state for own in container.checks
            ):
                if check.name is CheckName.ADMISSION:
                    yield from evidence.of_admission(workload.key.cluster)
                else:
                    yield from evidence.of_container(workload, container)
                return

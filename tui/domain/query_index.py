"""The evaluator of queries: every condition is answered for all rows at once, in bit masks.

A row is an image as one container of a workload runs it (or declares it, when nothing runs), an image that no workload has,
or a container whose image is not known. So `ns:prod base:debian` finds what stands on debian and runs in prod, and
`-ns:kube-system` keeps an image that runs elsewhere too.

An answer has three values: yes, no, and cannot be told. A state of unknown or off is "cannot be told" unless it is asked for
by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from enum import Enum
from functools import cached_property
from itertools import compress
from typing import NamedTuple, assert_never

from tui.domain.image import RepositoryName
from tui.domain.query_language import Key, Op, Term, Trait, parse_age
from tui.domain.query_lineage import Ancestry
from tui.domain.query_match import digest_matcher, is_hex, name_matcher, text_matcher
from tui.domain.snapshot import BaseState, Container, Drift, Image, ImageKey, Snapshot, Workload
from tui.domain.trust import CheckName, State, worst
from tui.domain.workload import ObjectKey

__all__ = ["Found", "Index", "Truth"]

CACHED = 200


class Truth(NamedTuple):
    """For which rows something holds, and for which it cannot be told: one byte per row, never both."""

    yes: int
    maybe: int


class Found(NamedTuple):
    """What a list of terms finds; `undecided` counts images, and workloads without a known image, that could not be told."""

    images: frozenset[ImageKey]
    workloads: frozenset[ObjectKey]
    undecided: int


class Side(Enum):
    """Whose verdict counts: that of the image, or that of the workload."""

    IMAGE = "image"
    WORKLOAD = "workload"


class Index:
    """The rows of a snapshot with their texts prepared; make one per snapshot and ask it many times."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._images = tuple(snapshot.images.values())
        self._workloads = tuple(snapshot.workloads.values())
        self._containers: list[Container] = []
        self._row_image: list[int] = []
        self._row_workload: list[int] = []
        self._row_container: list[int] = []
        self._row_runs = bytearray()
        self._cache: dict[tuple[Term, Side], Truth] = {}
        self._fill()
        self._all = int.from_bytes(b"\1" * len(self._row_image), "little")

    def find(self, terms: Iterable[Term], now: datetime) -> Found:
        """The images and workloads for which every term holds."""
        terms = tuple(terms)
        images, workloads = (self._every(terms, side, now) for side in Side)
        found_images = self._pick(images.yes, self._row_image)
        found_workloads = self._pick(workloads.yes, self._row_workload)
        undecided = self._pick(images.maybe, self._row_image) - found_images
        lonely = self._pick(workloads.maybe & self._no_image, self._row_workload) - found_workloads
        none_image, none_workload = len(self._images), len(self._workloads)
        return Found(
            frozenset(self._images[number].key for number in found_images if number != none_image),
            frozenset(self._workloads[number].key for number in found_workloads if number != none_workload),
            len(undecided - {none_image}) + len(lonely - {none_workload}),
        )

    # ---- rows

    def _fill(self) -> None:
        numbers = {image.key: number for number, image in enumerate(self._images)}
        seen: set[int] = set()
        for number, workload in enumerate(self._workloads):
            for container in workload.containers:
                seen |= self._add_container(number, container, numbers)
            if not workload.containers:
                self._add(len(self._images), number, -1, runs=workload.pods > 0)
        for number, image in enumerate(self._images):
            if number not in seen:
                self._add(number, len(self._workloads), -1, runs=image.in_use)
        absent = len(self._containers)
        self._row_container = [absent if number < 0 else number for number in self._row_container]

    def _add_container(self, workload: int, container: Container, numbers: dict[ImageKey, int]) -> set[int]:
        place = len(self._containers)
        self._containers.append(container)
        declared = (container.declared,) if container.declared else ()
        images = {numbers[key] for key in (container.runs or declared) if key in numbers}
        for image in images or (len(self._images),):
            self._add(image, workload, place, runs=bool(container.runs or container.digests))
        return images

    def _add(self, image: int, workload: int, container: int, *, runs: bool) -> None:
        self._row_image.append(image)
        self._row_workload.append(workload)
        self._row_container.append(container)
        self._row_runs.append(runs)

    @cached_property
    def _no_image(self) -> int:
        absent = len(self._images)
        return _mask(number == absent for number in self._row_image)

    def _pick(self, mask: int, column: Sequence[int]) -> set[int]:
        if not mask:
            return set()
        return set(compress(column, mask.to_bytes(len(column), "little")))

    # ---- prepared texts

    @cached_property
    def _image_texts(self) -> tuple[str, ...]:
        return tuple(_image_text(image) for image in self._images)

    @cached_property
    def _workload_texts(self) -> tuple[str, ...]:
        return tuple(f"{workload.key.namespace}\n{workload.key.name}".lower() for workload in self._workloads)

    @cached_property
    def _container_texts(self) -> tuple[str, ...]:
        return tuple(f"{container.name}\n{container.image}".lower() for container in self._containers)

    @cached_property
    def _ancestry(self) -> Ancestry:
        return Ancestry(self.snapshot)

    # ---- logic

    def _every(self, terms: Iterable[Term], side: Side, now: datetime) -> Truth:
        yes, possible = self._all, self._all
        for term in terms:
            truth = self._signed(term, side, now)
            yes &= truth.yes
            possible &= truth.yes | truth.maybe
        return Truth(yes, possible ^ yes)

    def _signed(self, term: Term, side: Side, now: datetime) -> Truth:
        truth = self._cached(term, side, now)
        return Truth(self._all ^ (truth.yes | truth.maybe), truth.maybe) if term.negated else truth

    def _cached(self, term: Term, side: Side, now: datetime) -> Truth:
        if term.key is Key.AGE:
            return self._age(term, now)
        truth = self._cache.get((term, side))
        if truth is None:
            if len(self._cache) >= CACHED:
                self._cache.clear()
            truth = self._cache[term, side] = self._answer(term, side)
        return truth

    def _answer(self, term: Term, side: Side) -> Truth:
        match term.key:
            case Key.WORD:
                return self._word(term.value)
            case Key.NS | Key.CTX | Key.KIND | Key.TEAM:
                return self._of_workload(term)
            case Key.REPO:
                return self._repository(term.value)
            case Key.DIGEST:
                return self._digest(term.value)
            case Key.BASE:
                return self._base(term.value)
            case Key.VERDICT:
                return self._verdict(State(term.value), side)
            case Key.CHECK:
                return self._check(term.value)
            case Key.DRIFT:
                return self._drift(Drift(term.value))
            case Key.IS:
                return self._trait(Trait(term.value), side)
            case Key.CVE | Key.PKG | Key.SEV:
                return Truth(0, self._all)  # no scanner has spoken
            case Key.AGE:
                raise AssertionError("an age depends on now and is never cached")
            case _:
                assert_never(term.key)

    # ---- conditions

    def _word(self, word: str) -> Truth:
        name, at, digest = word.lower().partition("@")
        contains = text_matcher(name)
        yes = self._by_image(map(contains, self._image_texts)) | self._by_container(map(contains, self._container_texts))
        yes |= self._by_workload(map(contains, self._workload_texts))
        if at and digest:
            return Truth(yes & self._digest(digest).yes, 0)
        return Truth(yes | self._digest(word).yes, 0) if is_hex(word) else Truth(yes, 0)

    def _of_workload(self, term: Term) -> Truth:
        matches = text_matcher(term.value.lower()) if term.key is Key.CTX else name_matcher(term.key, term.value)
        read = _READ[term.key]
        return Truth(self._by_workload(matches(read(workload).lower()) for workload in self._workloads), 0)

    def _repository(self, value: str) -> Truth:
        matches = name_matcher(Key.REPO, value)
        yes = self._by_image(_in_repository(image.name, matches) for image in self._images)
        return Truth(yes | self._by_container(_in_repository(container.name_of, matches) for container in self._containers), 0)

    def _digest(self, value: str) -> Truth:
        matches = digest_matcher(value)
        yes = self._by_image(
            any(map(matches, image.digests)) or any(map(matches, image.config_digests)) for image in self._images
        )
        reported = self._by_container(any(map(matches, item.digests)) or matches(item.pin) for item in self._containers)
        return Truth(yes | (reported & self._no_image), 0)

    def _base(self, value: str) -> Truth:
        stands = self._ancestry.standing_on(value)
        answers = [stands.get(image.key) for image in self._images]
        return Truth(
            self._by_image(answer is True for answer in answers),
            self._by_image(answer is None for answer in answers) | self._no_image,
        )

    def _verdict(self, wanted: State, side: Side) -> Truth:
        match side:
            case Side.IMAGE:
                by, states = self._by_image, [image.verdict for image in self._images]
            case Side.WORKLOAD:
                by, states = self._by_workload, [workload.verdict for workload in self._workloads]
        unsure = () if wanted is State.UNKNOWN else (State.UNKNOWN, State.OFF)
        return Truth(by(state is wanted for state in states), by(state in unsure for state in states))

    def _check(self, value: str) -> Truth:
        name, _, state = value.partition("=")
        return self._check_state(CheckName(name), State(state))

    def _check_state(self, name: CheckName, wanted: State) -> Truth:
        """Whether a check of the image, or of the container where it has its own, ends in a state."""
        states = [self._state_of(name, *row) for row in zip(self._row_image, self._row_container, strict=True)]
        unsure = () if wanted in (State.UNKNOWN, State.OFF) else (State.UNKNOWN, State.OFF)
        return Truth(_mask(state is wanted for state in states), _mask(state in unsure for state in states))

    def _state_of(self, name: CheckName, image: int, container: int) -> State:
        checks = self._images[image].checks if image < len(self._images) else ()
        if container < len(self._containers):
            checks += self._containers[container].checks
        states = [check.state for check in checks if check.name is name]
        return State.OFF if states and all(state is State.OFF for state in states) else worst(states)

    def _drift(self, wanted: Drift) -> Truth:
        drifts = [container.drift for container in self._containers]
        yes = self._by_container(drift is wanted for drift in drifts)
        return Truth(yes, 0 if wanted is Drift.UNKNOWN else self._by_container(drift is Drift.UNKNOWN for drift in drifts))

    def _age(self, term: Term, now: datetime) -> Truth:
        limit = parse_age(term.value) or 0
        born = [image.created or image.pushed for image in self._images]
        ages = [None if moment is None else (now - moment).total_seconds() for moment in born]
        return Truth(
            self._by_image(age is not None and _compare(age, term.op, limit) for age in ages),
            self._by_image(age is None for age in ages) | self._no_image,
        )

    def _trait(self, trait: Trait, side: Side) -> Truth:
        match trait:
            case Trait.RUNNING:
                return Truth(int.from_bytes(self._row_runs, "little"), 0)
            case Trait.UNUSED:
                return Truth(self._all ^ int.from_bytes(self._row_runs, "little"), 0)
            case Trait.FAULTY:
                passed = self._verdict(State.PASS, side).yes
                return Truth(self._all ^ passed, 0)
            case Trait.SIGNED:
                return self._check_state(CheckName.SIGNATURE, State.PASS)
            case Trait.UNSIGNED:
                return self._check_state(CheckName.SIGNATURE, State.FAIL)
            case Trait.DRIFTED:
                moved, mixed, gone = (self._drift(drift) for drift in (Drift.MOVED, Drift.MIXED, Drift.GONE))
                return Truth(moved.yes | mixed.yes | gone.yes, moved.maybe)
            case Trait.OUTDATED:
                return self._outdated()
            case Trait.STUCK | Trait.PINNED:
                return Truth(self._by_container(map(_CONTAINER_TRAITS[trait], self._containers)), 0)
            case Trait.SUSPENDED | Trait.MANAGED:
                return Truth(self._by_workload(map(_WORKLOAD_TRAITS[trait], self._workloads)), 0)
            case Trait.BASE:
                return Truth(self._by_image(bool(self.snapshot.derived.get(image.key)) for image in self._images), 0)
            case Trait.ABSENT | Trait.ROOT | Trait.ORPHAN | Trait.TAGGED | Trait.UNTAGGED | Trait.MULTIARCH:
                return Truth(self._by_image(map(_IMAGE_TRAITS[trait], self._images)), 0)
            case _:
                assert_never(trait)

    def _outdated(self) -> Truth:
        states = [_base_state(image) for image in self._images]
        return Truth(
            self._by_image(state is BaseState.OUTDATED for state in states),
            self._by_image(state is BaseState.UNKNOWN for state in states) | self._no_image,
        )

    # ---- from things to rows

    def _by_image(self, flags: Iterable[bool]) -> int:
        return _spread(flags, self._row_image)

    def _by_workload(self, flags: Iterable[bool]) -> int:
        return _spread(flags, self._row_workload)

    def _by_container(self, flags: Iterable[bool]) -> int:
        return _spread(flags, self._row_container)


def _spread(flags: Iterable[bool], column: Sequence[int]) -> int:
    """The mask of the rows whose thing is flagged; the number after the last thing stands for none."""
    packed = bytes(flags) + b"\0"
    if 1 not in packed:
        return 0
    return int.from_bytes(bytes(map(packed.__getitem__, column)), "little")


def _mask(flags: Iterable[bool]) -> int:
    return int.from_bytes(bytes(flags), "little")


def _image_text(image: Image) -> str:
    name = f"{image.key.registry}/{image.key.repository}"
    return ("\n".join(f"{name}:{tag}" for tag in image.tags) or name).lower()


def _in_repository(name: RepositoryName | None, matches: Callable[[str], bool]) -> bool:
    return name is not None and (matches(name.repository.lower()) or matches(str(name).lower()))


def _base_state(image: Image) -> BaseState | None:
    """Whether the base is the newest; None for an image that is known to have no base."""
    if image.base is not None:
        return image.base.state
    return None if image.root else BaseState.UNKNOWN


def _compare(age: float, op: Op, limit: int) -> bool:
    match op:
        case Op.OVER:
            return age > limit
        case Op.AT_LEAST:
            return age >= limit
        case Op.UNDER:
            return age < limit
        case Op.AT_MOST:
            return age <= limit
        case Op.IS | Op.EQUALS:
            return age == limit
        case _:
            assert_never(op)


_READ: dict[Key, Callable[[Workload], str]] = {
    Key.NS: lambda workload: workload.key.namespace,
    Key.CTX: lambda workload: workload.key.cluster,
    Key.KIND: lambda workload: workload.key.kind,
    Key.TEAM: lambda workload: workload.team,
}
_CONTAINER_TRAITS: dict[Trait, Callable[[Container], bool]] = {
    Trait.STUCK: lambda container: bool(container.trouble),
    Trait.PINNED: lambda container: bool(container.pin),
}
_WORKLOAD_TRAITS: dict[Trait, Callable[[Workload], bool]] = {
    Trait.SUSPENDED: lambda workload: workload.suspended,
    Trait.MANAGED: lambda workload: bool(workload.managed_by),
}
_IMAGE_TRAITS: dict[Trait, Callable[[Image], bool]] = {
    Trait.ABSENT: lambda image: bool(image.absent),
    Trait.ROOT: lambda image: image.root,
    Trait.ORPHAN: lambda image: image.base is None and not image.root,
    Trait.TAGGED: lambda image: bool(image.tags),
    Trait.UNTAGGED: lambda image: not image.tags,
    Trait.MULTIARCH: lambda image: len(image.platforms) > 1,
}

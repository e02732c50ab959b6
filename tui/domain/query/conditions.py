"""Conditions of queries, each answered for all rows at once, as if nothing else were asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import assert_never

from tui.domain.checks.containers import BY_NAME
from tui.domain.common.pace import paced
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.query import vulnerabilities as query_findings
from tui.domain.query.language import Key, Op, Term, Trait, parse_age
from tui.domain.query.lineage import BaseNames
from tui.domain.query.match import is_glob, is_hex, name_matcher, text_matcher
from tui.domain.query.risk import Risks
from tui.domain.query.rows import Rows, Texts, Truth
from tui.domain.query.traits import ImageTraits
from tui.domain.snapshot.snapshot import BaseState, Drift, Image, Snapshot, Workload

__all__ = ["PLACES", "Conditions", "Side"]

_UNSURE = frozenset({State.UNKNOWN, State.OFF})


class Side(Enum):
    """Whose verdict counts: that of the image, or that of the workload."""

    IMAGE = "image"
    WORKLOAD = "workload"


class Conditions:
    """What holds for which rows of a snapshot."""

    def __init__(self, snapshot: Snapshot, rows: Rows, risks: Callable[[], Risks]) -> None:
        self._snapshot, self._rows, self._risks = snapshot, rows, risks

    @cached_property
    def bases(self) -> BaseNames:
        """The bases by their names."""
        return BaseNames(self._snapshot)

    @cached_property
    def _traits(self) -> ImageTraits:
        return ImageTraits(self._snapshot, self._rows, self._risks)

    def answer(self, term: Term, side: Side) -> Truth:
        """The answer to any condition but an age, which depends on the time."""
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
                name, _, state = term.value.partition("=")
                return self._check(CheckName(name), State(state))
            case Key.DRIFT:
                return self._drift(Drift(term.value))
            case Key.IS:
                return self._trait(Trait(term.value), side)
            case Key.CVE:
                return self._finding(query_findings.names(term.value))
            case Key.PKG:
                return self._finding(query_findings.package(term.value))
            case Key.SEV:
                return self._severity(term)
            case Key.AGE:
                raise AssertionError("an age depends on now and is never cached")
            case _:
                assert_never(term.key)

    def _word(self, word: str) -> Truth:
        rows = self._rows
        name, _, digest = word.lower().partition("@")
        yes = rows.image.rows_of(_search(rows.image_texts, name)) | rows.workload.rows_of(_search(rows.workload_texts, name))
        yes |= rows.container.rows_of(_search(rows.container_texts, name))
        yes |= rows.container.rows_of(rows.pod_names.beginning(name)) if "-" in name else 0
        if digest:
            return Truth(yes & self._digest(digest).yes)
        return Truth(yes | self._digest(word).yes) if is_hex(word) else Truth(yes)

    def _of_workload(self, term: Term) -> Truth:
        read = PLACES[term.key]
        matches = text_matcher(term.value) if term.key is Key.CTX else name_matcher(term.key, term.value)
        values = [read(workload) for workload in paced(self._rows.workloads)]
        accepted = {value for value in set(values) if matches(value.lower())}
        yes = self._rows.workload.where(value in accepted for value in values) if accepted else 0
        unnamed = [
            term.key is Key.TEAM and not workload.team and not workload.owner_readable for workload in paced(self._rows.workloads)
        ]
        return Truth(yes, self._traits.unheard | (self._rows.workload.where(unnamed) if any(unnamed) else 0)).sure

    def _repository(self, value: str) -> Truth:
        matches = name_matcher(Key.REPO, value)
        images, containers = (texts.matching(lambda name: _in_repository(name, matches)) for texts in self._rows.repositories)
        return Truth(self._rows.image.rows_of(images) | self._rows.container.rows_of(containers))

    def _digest(self, value: str) -> Truth:
        rows, value = self._rows, value.lower()
        images, containers = (digests.beginning(value) for digests in rows.digests)
        # A container that runs two builds has the digests of both: where the image is known, only its own count.
        return Truth(rows.image.rows_of(images) | (rows.container.rows_of(containers) & rows.without_image))

    def _base(self, value: str) -> Truth:
        yes, maybe = self.bases.standing_on(value)
        return Truth(
            self._rows.image.where(image.key in yes for image in paced(self._rows.images)),
            self._rows.image.where(image.key in maybe for image in paced(self._rows.images)) | self._rows.without_image,
        )

    def _verdict(self, verdict: State, side: Side) -> Truth:
        column, states = (
            (self._rows.image, [image.verdict for image in paced(self._rows.images)])
            if side is Side.IMAGE
            else (self._rows.workload, [workload.verdict for workload in paced(self._rows.workloads)])
        )
        unsure = frozenset() if verdict is State.UNKNOWN else _UNSURE
        return Truth(column.where(state is verdict for state in states), column.where(state in unsure for state in states))

    def _check(self, name: CheckName, state: State) -> Truth:
        """Whether a check of the image, or of the container where that has its own, ends in a state; the worse one counts."""
        rows = self._rows
        images = bytes([_severity(image.checks, name) for image in paced(rows.images)]) + b"\0"
        containers = bytes([_severity(container.checks, name) for container in paced(rows.containers)]) + b"\0"
        of_images, of_containers = map(images.__getitem__, rows.image), map(containers.__getitem__, rows.container)
        # A container that names the image by another digest than others do has its own answer to what is asked of a name.
        worse: Callable[[int, int], int] = _own_first if name in BY_NAME else max
        both = map(worse, of_images, of_containers)
        codes = bytes(both).translate(_ABSENT_IS_UNKNOWN)
        unsure = frozenset() if state in _UNSURE else _UNSURE
        return Truth(_having(codes, frozenset({state})), _having(codes, unsure))

    def _drift(self, asked_for: Drift) -> Truth:
        drifts = [container.drift for container in paced(self._rows.containers)]
        column = self._rows.container
        maybe = 0 if asked_for is Drift.UNKNOWN else column.where(drift is Drift.UNKNOWN for drift in drifts)
        return Truth(column.where(drift is asked_for for drift in drifts), maybe | self._traits.unheard)

    def age(self, term: Term, now: datetime) -> Truth:
        """The answer to an age, at a time."""
        limit = parse_age(term.value) or 0
        born = [image.created or image.pushed for image in paced(self._rows.images)]
        ages = [None if moment is None else (now - moment).total_seconds() for moment in born]
        column = self._rows.image
        return Truth(
            column.where(age is not None and _compare(age, term.op, limit) for age in ages),
            column.where(age is None for age in ages) | self._rows.without_image,
        )

    def _finding(self, matches: query_findings.Matcher) -> Truth:
        images, column = self._rows.images, self._rows.image
        yes = column.where(query_findings.having(images, matches))
        open_ = column.where(map(query_findings.is_open, images)) | self._rows.without_image
        return Truth(yes, open_ & ~yes)

    def _severity(self, term: Term) -> Truth:
        images, column = self._rows.images, self._rows.image
        listed = self._finding(query_findings.severity(term.value, term.op))
        yes = listed.yes | column.where(query_findings.counting(image, term.value, term.op) for image in paced(images))
        ungraded = column.where(query_findings.ungraded(image.vulnerabilities) for image in paced(images))
        return Truth(yes, (listed.maybe | ungraded) & ~yes)

    def _trait(self, trait: Trait, side: Side) -> Truth:
        rows = self._rows
        match trait:
            case Trait.FAULTY:
                return Truth(rows.all ^ self._verdict(State.PASS, side).yes)
            case Trait.SIGNED:
                return self._check(CheckName.SIGNATURE, State.PASS)
            case Trait.UNSIGNED:
                return self._check(CheckName.SIGNATURE, State.FAIL)
            case Trait.DRIFTED:
                moved, mixed, missing = (self._drift(drift) for drift in (Drift.MOVED, Drift.MIXED, Drift.GONE))
                return Truth(moved.yes | mixed.yes | missing.yes, moved.maybe)
            case Trait.OUTDATED:
                return self._outdated()
            case _:
                return self._traits.answer(trait)

    def _outdated(self) -> Truth:
        states = [_base_state(image) for image in paced(self._rows.images)]
        column = self._rows.image
        return Truth(
            column.where(state is BaseState.OUTDATED for state in states),
            column.where(state is BaseState.UNKNOWN for state in states) | self._rows.without_image,
        )


def _search(texts: Texts, part: str) -> Sequence[int]:
    return texts.matching(text_matcher(part)) if is_glob(part) else texts.containing(part)


def _in_repository(name: str, matches: Callable[[str], bool]) -> bool:
    return bool(name) and (matches(name) or matches(name.partition("/")[2]))


_CODES: dict[State | None, int] = {None: 0, State.OFF: 1, State.PASS: 2, State.WARN: 3, State.UNKNOWN: 4, State.FAIL: 5}
_ABSENT_IS_UNKNOWN = bytes.maketrans(bytes([_CODES[None]]), bytes([_CODES[State.UNKNOWN]]))


def _severity(checks: tuple[Check, ...], name: CheckName) -> int:
    """The code of the worst state of a check, 0 when it is not there."""
    return max([_CODES[check.state] for check in checks if check.name is name], default=0)


def _own_first(of_image: int, of_container: int) -> int:
    return of_container or of_image


def _having(codes: bytes, states: frozenset[State]) -> int:
    accepted = {_CODES[state] for state in states}
    table = bytes(code in accepted for code in range(256))
    return int.from_bytes(codes.translate(table), "little")


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


PLACES: dict[Key, Callable[[Workload], str]] = {
    Key.NS: lambda workload: workload.key.namespace,
    Key.CTX: lambda workload: workload.key.cluster,
    Key.KIND: lambda workload: workload.key.kind,
    Key.TEAM: lambda workload: workload.team,
}
"""What says where to look, rather than what to look for, and what it asks of a workload."""

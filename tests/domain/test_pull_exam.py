"""Each step of a pull that fails: proven by the registry's answer or by the node's words, or not known. The messages are real."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.domain.test_trouble import (
    AMBIGUOUS,
    DENIED,
    DNS,
    FORBIDDEN,
    LIMIT,
    LOST_BY_THE_NODE,
    NO_IMAGE_BUT_A_PAGE,
    NO_REPOSITORY,
    NO_TAG,
    NOT_FOUND,
    PIN,
    PLATFORM,
    TAG,
    THERE,
    UNAUTHORIZED,
    UNREAD,
)
from tests.domain.world import AMD, ARM, A, B, World, container, digest, waiting
from tui.domain.common.trust import State
from tui.domain.facts.events import AbsenceKind
from tui.domain.facts.pulls import Cause, PullStep
from tui.domain.facts.reference import parse_reference
from tui.domain.registries.presence import Presence
from tui.domain.workloads.pull_exam import RegistryWord, examine

SIGN = {State.PASS: "✔", State.FAIL: "✘", State.UNKNOWN: "?", State.OFF: "-"}


def told(named: Presence, *, manifest: Presence | None = None, has: bool = False, fits: bool | None = None) -> RegistryWord:
    """The registry's word, the platform of the node being known."""
    return RegistryWord(named, manifest or (THERE if named is THERE else None), has, AMD, fits)


CASES: list[tuple[str, str, RegistryWord, str]] = [
    (NOT_FOUND, TAG, told(NO_TAG, has=True), "✔✘?✔✔?"),
    (NOT_FOUND, TAG, told(NO_TAG), "?✘?✔✔?"),
    (NOT_FOUND, TAG, told(NO_REPOSITORY), "✘✘?✔✔?"),
    (NOT_FOUND, TAG, told(UNREAD), "???✔✔?"),
    (NOT_FOUND.replace(A, B), TAG.replace(A, B), told(NO_TAG, has=True), "✔✘??✔?"),
    (NOT_FOUND, PIN, told(NO_TAG, manifest=NO_TAG, has=True), "✔-✘✔✔?"),
    (UNAUTHORIZED, TAG, told(THERE, fits=True), "✔✔✔✘✔✔"),
    (FORBIDDEN, TAG, told(THERE, fits=True), "✔✔✔✘✔✔"),
    (UNAUTHORIZED, TAG, told(DENIED), "???✘✔?"),
    (AMBIGUOUS, TAG, told(THERE, fits=True), "✔✔✔✘✔✔"),
    (AMBIGUOUS, TAG, told(UNREAD), "????✔?"),
    (AMBIGUOUS, TAG, told(NO_REPOSITORY), "✘✘??✔?"),
    (DNS, TAG, told(THERE, fits=True), "✔✔✔?✘✔"),
    (DNS, TAG, told(UNREAD), "????✘?"),
    (LIMIT, TAG, told(THERE, fits=True), "✔✔✔?✔✔"),
    (NO_IMAGE_BUT_A_PAGE, TAG, told(THERE, fits=True), "✔✔✔??✔"),
    (NO_IMAGE_BUT_A_PAGE, TAG, told(UNREAD), "??????"),
    (LOST_BY_THE_NODE, TAG, told(THERE, fits=True), "✔✔✔??✔"),
    (PLATFORM, TAG, told(THERE, fits=False), "✔✔✔✔✔✘"),
    ("", TAG, told(THERE, fits=True), "✔✔✔??✔"),
    ("", TAG, told(DENIED), "???✘??"),
    ("", TAG, told(UNREAD), "??????"),
    (f'Back-off pulling image "{TAG}"', TAG, told(THERE), "✔✔✔???"),
    ("", TAG, told(THERE, manifest=NO_TAG), "✔✔✘???"),
]


@pytest.mark.parametrize(("message", "image", "word", "signs"), CASES)
def test_each_step_is_proven_or_not_known(message: str, image: str, word: RegistryWord, signs: str) -> None:
    exam = examine(waiting(image, message=message), parse_reference(image), word, ())
    assert "".join(SIGN[mark.state] for mark in exam.marks) == signs
    assert [mark.step for mark in exam.marks] == [*PullStep]
    for mark in exam.marks:
        assert mark.reason[:1].isupper() or mark.reason.startswith((A, B))
        assert mark.reason.endswith((".", "…"))


def test_a_pull_policy_of_never_asks_neither_network_nor_right() -> None:
    exam = examine(waiting(TAG, "ErrImageNeverPull", "Container image is not present"), parse_reference(TAG), told(THERE), ())
    assert exam.cause is Cause.NEVER
    assert [exam.state(step) for step in (PullStep.RIGHT, PullStep.NETWORK)] == [State.UNKNOWN, State.UNKNOWN]


def test_a_name_that_is_none_is_asked_nowhere() -> None:
    exam = examine(waiting("Shop/Web:1", "InvalidImageName", "couldn't parse"), None, None, ())
    assert "".join(SIGN[mark.state] for mark in exam.marks) == "✘?????"


def no_such_tag(world: World) -> None:
    world.manifest(f"{A}/team/app", "a", "2")
    world.fail(f"{A}/team/app", "1")


def there_for_another_platform(world: World) -> None:
    world.node("n1", "arm64")
    world.manifest(f"{A}/team/app", "a", "1", platform=AMD)


def there_for_several(world: World) -> None:
    world.node("n1", "arm64")
    world.index(f"{A}/team/app", "a", "1", platforms=(AMD, ARM))


def tag_is_there_and_its_manifest_was_deleted(world: World) -> None:
    world.node("n1")
    found = world.manifest(f"{A}/team/app", "a", "1")
    world.fail(f"{A}/team/app", found)


def denied_to_us(world: World) -> None:
    world.fail(f"{A}/team/app", "1", AbsenceKind.DENIED)


def listed_whole_without_the_tag(world: World) -> None:
    world.list_tags(f"{A}/team/app", {"2": digest("other")})


@pytest.mark.parametrize(
    ("tell", "signs"),
    [
        (no_such_tag, "✔✘????"),
        (there_for_another_platform, "✔✔✔??✘"),
        (there_for_several, "✔✔✔??✔"),
        (tag_is_there_and_its_manifest_was_deleted, "✔✔✘??✔"),
        (denied_to_us, "???✘??"),
        (listed_whole_without_the_tag, "✔✘????"),
        (lambda _: None, "??????"),
    ],
)
def test_what_the_registry_source_has_read_is_asked(tell: Callable[[World], None], signs: str) -> None:
    world = World()
    tell(world)
    owner = world.deployment("x/web", TAG)
    world.pod("x/web-0", waiting(TAG), owner=owner)
    exam = container(world.snapshot(), "web").pull
    assert exam is not None
    assert "".join(SIGN[mark.state] for mark in exam.marks) == signs

"""Each step of a pull that fails, by the registry's answer to us and by the node's words: what is proven, and what is not known.

The registry's answer decides what is there; only the node knows whether it reaches the registry and what it may pull. What
neither says is not known: no step is right unproven.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tui.domain.common.text import capitalized, full_stop, short
from tui.domain.common.trust import State
from tui.domain.facts.events import AbsenceKind
from tui.domain.facts.image import Platform
from tui.domain.facts.pulls import Cause, PullExam, PullMark, PullStep
from tui.domain.facts.reference import Reference
from tui.domain.facts.workload import PodContainer
from tui.domain.registries.presence import Presence
from tui.domain.workloads.pull_failures import cause_of, heard, is_let_in, said

__all__ = ["RegistryWord", "examine"]

_NO_PULL = "The node does not pull: the pull policy is Never."


class RegistryWord(msgspec.Struct, frozen=True):
    """What the registry says to us of all that a pull needs.

    `presence` is its word on the tag, or on the digest where the name gives one; `manifest` that on the digest that is meant,
    None where none is known. `has_repository` is True when the repository is there for certain. `fits` tells whether the image
    has something for the `platform` of the node; None when one of the two is not known.
    """

    presence: Presence
    manifest: Presence | None = None
    has_repository: bool = False
    platform: Platform | None = None
    fits: bool | None = None


def examine(
    container: PodContainer, reference: Reference | None, word: RegistryWord | None, secrets: tuple[str, ...] | None = None
) -> PullExam:
    """What is known of each step; without a `reference` the name itself is wrong."""
    cause = cause_of(container, reference, word.presence if word is not None else None)
    if reference is None or word is None:
        reason = full_stop(said(container) or "The name of the image is not valid")
        unknown = "No registry can be asked for a name that is not valid."
        marks = [PullMark(step, State.UNKNOWN, unknown) for step in PullStep if step is not PullStep.REPOSITORY]
        return PullExam(cause, (PullMark(PullStep.REPOSITORY, State.FAIL, reason), *marks), said(container), secrets)
    return PullExam(cause, tuple(_marks(_Case(container, reference, word, cause))), said(container), secrets)


class _Case(msgspec.Struct, frozen=True):
    container: PodContainer
    reference: Reference
    word: RegistryWord
    cause: Cause

    @property
    def name(self) -> str:
        """The repository with its registry."""
        return str(self.reference.name)


def _marks(case: _Case) -> Iterator[PullMark]:
    yield PullMark(PullStep.REPOSITORY, *_repository(case))
    yield PullMark(PullStep.TAG, *_tag(case))
    yield PullMark(PullStep.DIGEST, *_digest(case))
    yield PullMark(PullStep.RIGHT, *_right(case))
    yield PullMark(PullStep.NETWORK, *_network(case))
    yield PullMark(PullStep.PLATFORM, *_platform(case))


def _sentence(reason: str) -> str:
    return full_stop(capitalized(reason)) if reason else "The registry has not said anything of it."


def _repository(case: _Case) -> tuple[State, str]:
    tag = case.word.presence
    if tag.kind is AbsenceKind.REPOSITORY_UNKNOWN:
        return State.FAIL, f"{case.reference.registry} has no repository {case.reference.repository}."
    if tag.there or case.word.has_repository:
        return State.PASS, f"{case.name} is there."
    return State.UNKNOWN, f"Whether {case.name} is there is not known." if tag.gone else _sentence(tag.reason)


def _tag(case: _Case) -> tuple[State, str]:
    tag, tag_word = case.reference.tag, case.word.presence
    if case.reference.digest:
        return State.OFF, "The name gives a digest: no tag is asked for."
    if tag_word.there:
        return State.PASS, f"{case.name} has the tag {tag}."
    return (State.FAIL, f"{case.name} has no tag {tag}.") if tag_word.gone else (State.UNKNOWN, _sentence(tag_word.reason))


def _digest(case: _Case) -> tuple[State, str]:
    manifest, tag_word = case.word.manifest, case.word.presence
    if manifest is None:
        return State.UNKNOWN, "No tag names a digest." if tag_word.gone else _sentence(tag_word.reason)
    digest = short(manifest.digest or case.reference.digest)
    if manifest.there:
        return State.PASS, f"{case.name} has {digest}."
    return (State.FAIL, f"{case.name} does not have {digest}.") if manifest.gone else (State.UNKNOWN, _sentence(manifest.reason))


def _right(case: _Case) -> tuple[State, str]:
    match case.cause:
        case Cause.RIGHT if case.container.message or case.word.presence.kind is AbsenceKind.DENIED:
            if _is_ambiguous(case):
                return State.UNKNOWN, "The registry gives the node one answer for no right and for no such repository."
            return State.FAIL, "The registry refuses the node."
        case Cause.NEVER:
            return State.UNKNOWN, _NO_PULL
        case _ if is_let_in(case.container, case.reference):
            return State.PASS, "The registry let the node in: it answered what it has."
        case Cause.NETWORK:
            return State.UNKNOWN, "The node did not get as far as to be let in."
        case _:
            return State.UNKNOWN, "What the node says does not show whether it may pull."


def _is_ambiguous(case: _Case) -> bool:
    """containerd: "repository does not exist or may require authorization"; where it is there, it is the right."""
    return "does not exist or may require" in case.container.message.lower() and not (
        case.word.presence.there or case.word.has_repository
    )


def _network(case: _Case) -> tuple[State, str]:
    if case.cause is Cause.NETWORK:
        return State.FAIL, f"The node does not reach {case.reference.registry}: {full_stop(said(case.container))}"
    if case.cause is Cause.NEVER:
        return State.UNKNOWN, _NO_PULL
    if heard(case.container, case.reference):
        return State.PASS, f"{case.reference.registry} answered the node."
    return State.UNKNOWN, f"What the node says does not show whether it reaches {case.reference.registry}."


def _platform(case: _Case) -> tuple[State, str]:
    platform = case.word.platform
    if case.cause is Cause.PLATFORM:
        return State.FAIL, f"It has nothing for the platform of the node{f', {platform}' if platform else ''}."
    if platform is None:
        return State.UNKNOWN, "The platform of the node is not known."
    if case.word.fits is None:
        return State.UNKNOWN, f"Whether it has something for {platform} is not known."
    return (State.PASS, f"It has {platform}.") if case.word.fits else (State.FAIL, f"It has nothing for {platform}.")

"""Why a node cannot get an image: the cause, and what is known of each step of a pull."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from tui.domain.common.trust import State

__all__ = ["Cause", "PullExam", "PullMark", "PullStep"]


class Cause(StrEnum):
    """What is wrong."""

    NAME = "name"
    REPOSITORY = "repository"
    TAG = "tag"
    DIGEST = "digest"
    RIGHT = "right"
    PLATFORM = "platform"
    LIMIT = "limit"
    NETWORK = "network"
    NEVER = "never"
    UNKNOWN = "unknown"


class PullStep(StrEnum):
    """What a pull needs, in the order in which the registry and the node decide it."""

    REPOSITORY = "repo"
    TAG = "tag"
    DIGEST = "digest"
    RIGHT = "right"
    NETWORK = "network"
    PLATFORM = "platform"


class PullMark(msgspec.Struct, frozen=True, gc=False):
    """One step: PASS and FAIL are proven by the registry's answer to us or by the node's words, OFF is not asked.

    `reason` says by what it is proven, or why it is not known.
    """

    step: PullStep
    state: State
    reason: str


class PullExam(msgspec.Struct, frozen=True, gc=False):
    """What is known of a pull that does not succeed.

    `message` is what the node says, cut to its cause. `secrets` are the imagePullSecrets that the pod names, None where that is
    not known: it then pulls with what the node itself may do.
    """

    cause: Cause
    marks: tuple[PullMark, ...]
    message: str = ""
    secrets: tuple[str, ...] | None = None

    def state(self, step: PullStep) -> State:
        """How a step ends."""
        return next((mark.state for mark in self.marks if mark.step is step), State.UNKNOWN)

"""A plan as a value: ordered steps that somebody, perhaps somebody else, may carry out later."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import msgspec

from tui.domain.common.text import clean
from tui.domain.facts.build import JobKey
from tui.domain.facts.rights import Right, RightState
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import ImageKey

__all__ = ["Action", "Forecast", "Plan", "Precondition", "Staying", "Step", "StepKind", "image_condition"]


class StepKind(StrEnum):
    """What a step does: REBUILD is done by a builder, LOCK and DISABLE_READ by a registry, the others by a cluster."""

    REBUILD = "rebuild"
    RESTART = "restart"
    PIN = "pin"
    ROLL_BACK = "roll-back"
    SCALE_TO_ZERO = "scale-to-zero"
    LOCK = "lock"
    DISABLE_READ = "disable-read"


class Action(StrEnum):
    """What a plan is for: the commands of the same names."""

    REBUILD = "rebuild"
    REDEPLOY = "redeploy"
    CONTAIN = "contain"


class Precondition(msgspec.Struct, frozen=True, gc=False):
    """What was seen when the plan was made and must still be so: `what` in words, `path` a JSON pointer into the object, empty
    where it is not one of a cluster."""

    what: str
    value: str
    path: str = ""


def image_condition(container: str) -> str:
    """What a condition on the image of a container is called: names of containers have at most 63 characters."""
    return f"the image of container {clean(container, 63)}"


class Step(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One change of the outside. `id` is stable over plans of the same estate; `needs` are ids of steps that come before.

    `wave` numbers steps that may run side by side, from 1. `target` is its name for the operator. `what` it does, `why`, and what
    it `leaves` alone are sentences; `warnings` too. `blocked` says why it cannot be carried out, empty when it can, and `remedy`
    what would help: for a builder that nobody knows, the line of configuration. `seconds` is how long it is expected to take,
    from past runs (None: not known). `also` are other images that the same run builds. `new_image` is what PIN and
    ROLL_BACK put in place, and what the tag of RESTART names: without a digest where a needed step is to push it. `commands` do
    the same by hand, quoted for a shell; `undo` says how it is reversed, empty when it cannot be.
    """

    id: str
    kind: StepKind
    target: str
    what: str
    why: str
    image: ImageKey | None = None
    also: tuple[ImageKey, ...] = ()
    workload: ObjectKey | None = None
    containers: tuple[str, ...] = ()
    new_image: str = ""
    job: JobKey | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    needs: tuple[str, ...] = ()
    wave: int = 1
    seconds: float | None = None
    leaves: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    blocked: str = ""
    remedy: str = ""
    rights: tuple[Right, ...] = ()
    preconditions: tuple[Precondition, ...] = ()
    commands: tuple[str, ...] = ()
    undo: str = ""

    @property
    def lacks_right(self) -> bool:
        """Whether a right that it needs is known to be missing."""
        return any(right.state is RightState.MISSING for right in self.rights)


class Staying(msgspec.Struct, frozen=True, gc=False):
    """A finding that a rebuild leaves: which, in how many of the plan's images, and why (`own package`, `no fix known`, ...)."""

    finding: str
    images: int
    reason: str


class Forecast(msgspec.Struct, frozen=True):
    """What a rebuild on today's bases would remove, what would stay, and what nobody can tell, each in findings by name."""

    removed: tuple[str, ...] = ()
    staying: tuple[Staying, ...] = ()
    unknown: tuple[Staying, ...] = ()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Steps in the order in which they are carried out: whatever a step needs stands before it.

    `id` names the plan in the audit log; `made` and `as_of` are when it was made and how old its facts were; `estate` names the
    contexts and registries that it is about; `notes` says what was found and needs no step, `unknown` what could not be told
    when it was made.
    """

    id: str
    action: Action
    query: str
    made: datetime
    as_of: datetime
    steps: tuple[Step, ...]
    forecast: Forecast | None = None
    notes: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    estate: tuple[str, ...] = ()

    @property
    def waves(self) -> tuple[tuple[Step, ...], ...]:
        """The steps by wave."""
        numbers = sorted({step.wave for step in self.steps})
        return tuple(tuple(step for step in self.steps if step.wave == number) for number in numbers)

    @property
    def is_ordered(self) -> bool:
        """Whether every step stands there once, after all that it needs: a file may say otherwise."""
        earlier: set[str] = set()
        for step in self.steps:
            if step.id in earlier or not earlier.issuperset(step.needs):
                return False
            earlier.add(step.id)
        return True

    @property
    def ready(self) -> tuple[Step, ...]:
        """The steps that nothing blocks."""
        return tuple(_unblocked(self.steps))


def _unblocked(steps: Iterable[Step]) -> Iterable[Step]:
    """A step is also blocked by a blocked step that it needs."""
    blocked: set[str] = set()
    for step in steps:
        if step.blocked or blocked.intersection(step.needs):
            blocked.add(step.id)
        else:
            yield step

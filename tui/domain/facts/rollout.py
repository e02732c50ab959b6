"""How a workload is rolling out, as its API server tells: what a redeploy is planned from, held against, and followed by."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from tui.domain.facts.workload import ObjectKey, TemplateContainer

__all__ = [
    "Budget",
    "Condition",
    "GitOwner",
    "PodIdentity",
    "Receipt",
    "RolloutState",
    "RunningImage",
    "Stall",
    "StallKind",
    "Strategy",
    "WorkloadChange",
]


class WorkloadChange(StrEnum):
    """What can be done to a workload; each needs rights and preconditions of its own."""

    RESTART = "restart"
    PIN = "pin"
    SCALE = "scale"


class Condition(msgspec.Struct, frozen=True, gc=False):
    """A condition of the object's status, as written there; `status` is `True`, `False` or `Unknown`."""

    type: str
    status: str
    reason: str = ""
    message: str = ""


class Strategy(msgspec.Struct, frozen=True, gc=False):
    """How the controller replaces pods: `RollingUpdate`, `Recreate`, `OnDelete`, or what an Argo Rollout has (`canary`).

    `max_unavailable` and `max_surge` are as written (`1`, `25%`), empty where the kind has none. Pods of a StatefulSet below
    `partition` stay as they are. `paused`: a Deployment or Rollout that takes no step until somebody resumes it.
    """

    name: str
    max_unavailable: str = ""
    max_surge: str = ""
    partition: int = 0
    paused: bool = False


class Budget(msgspec.Struct, frozen=True, gc=False):
    """A PodDisruptionBudget that covers the workload's pods; `allowed` is `disruptionsAllowed` (None: not told yet)."""

    name: str
    allowed: int | None = None
    healthy: int | None = None
    desired: int | None = None
    rule: str = ""


class PodIdentity(msgspec.Struct, frozen=True, gc=False):
    """As whom the pods of a workload act, and the names of the secrets that they are given: never what is in them.

    `has_token`: the token of the service account is not kept from them by their template.
    """

    service_account: str
    secrets: tuple[str, ...] = ()
    has_token: bool = True


class GitOwner(msgspec.Struct, frozen=True, gc=False):
    """What else writes the object: `Argo CD`, `Flux`, `Helm`, or the field manager that wrote the image last.

    `application` is its name for the object's place (`shop`, `flux-system/shop`). `undoes_pin` is true where a change of
    the image does not last; `evidence` names the label, annotation or field manager that says so.
    """

    name: str
    application: str = ""
    evidence: str = ""
    undoes_pin: bool = True


class RunningImage(msgspec.Struct, frozen=True, gc=False):
    """In how many pods a container runs these bytes.

    `image` is the text of the pod's spec; `digest` comes from the status, empty while nothing was pulled. `current` tells whether
    the pods are of the newest template (None: that cannot be told); `ready` counts those of `pods` that are ready, `ended` those
    that have done their work and run no more.
    """

    container: str
    image: str
    digest: str
    pods: int
    ready: int = 0
    current: bool | None = None
    ended: int = 0

    @property
    def alive(self) -> int:
        """How many of its pods have not ended."""
        return self.pods - self.ended


class StallKind(StrEnum):
    """Why a rollout does not get on."""

    BUDGET = "budget"
    IMAGE_PULL = "image-pull"
    READINESS = "readiness"
    CRASH = "crash"
    QUOTA = "quota"
    NODE = "node"
    ADMISSION = "admission"
    PAUSED = "paused"
    ON_DELETE = "on-delete"
    PARTITION = "partition"
    SUSPENDED = "suspended"
    NOT_OBSERVED = "not-observed"
    DEADLINE = "deadline"
    OTHER = "other"


class Stall(msgspec.Struct, frozen=True, gc=False):
    """Why a rollout does not get on: a sentence, what to do next, and in how many pods (0: no pod could be made)."""

    kind: StallKind
    sentence: str
    remedy: str = ""
    pods: int = 0


class RolloutState(msgspec.Struct, frozen=True, kw_only=True):
    """A workload as its API server showed it at one moment.

    `observed` is the generation that its controller has seen (None: the kind does not tell). Counts are None where the kind has
    none. `containers` are those of the template, `running` what pods run (None: pods cannot be read), `budgets` None when they
    cannot be read. `restartable` is empty, or says why a restart cannot be done (a bare pod, a Job that has run), `pinnable` and
    `scalable` likewise. `unknown` says why parts are not known.
    `restarting`: an Argo Rollout still has pods that are older than the restart that was wished for.
    """

    key: ObjectKey
    uid: str
    api_version: str
    resource_version: str
    generation: int = 0
    observed: int | None = None
    desired: int | None = None
    replicas: int | None = None
    updated: int | None = None
    ready: int | None = None
    available: int | None = None
    strategy: Strategy | None = None
    suspended: bool = False
    restarting: bool = False
    containers: tuple[TemplateContainer, ...] = ()
    restarted_at: str = ""
    conditions: tuple[Condition, ...] = ()
    budgets: tuple[Budget, ...] | None = None
    running: tuple[RunningImage, ...] | None = None
    owner: GitOwner | None = None
    stalls: tuple[Stall, ...] = ()
    restartable: str = ""
    pinnable: str = ""
    scalable: str = ""
    unknown: tuple[str, ...] = ()

    def obstacle(self, change: WorkloadChange) -> str:
        """Why this cannot be done to the object at all, empty when it can."""
        return {
            WorkloadChange.RESTART: self.restartable,
            WorkloadChange.PIN: self.pinnable,
            WorkloadChange.SCALE: self.scalable,
        }[change]

    @property
    def settled(self) -> bool | None:
        """Whether its controller has done all that the template asks for, as `kubectl rollout status` says (None: unknown)."""
        if self.observed is None or self.desired is None:
            return None
        if self.observed < self.generation or self.restarting:
            return False
        if self.replicas is None or self.updated is None or self.available is None:
            return None
        # Pods below the partition of a StatefulSet are not to be updated.
        partition = self.strategy.partition if self.strategy else 0
        all_available = self.replicas == self.available == self.desired
        return all_available and (self.updated == self.desired if not partition else self.updated >= self.desired - partition)

    def digests(self, container: str) -> tuple[RunningImage, ...] | None:
        """What the pods run in this container; None when pods cannot be read."""
        return None if self.running is None else tuple(image for image in self.running if image.container == container)


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """What the API server answered to a change: the object's new generation and version, and its id of the request for audits.

    `unchanged` is true when the object was already as wanted.
    """

    generation: int
    resource_version: str
    request: str = ""
    unchanged: bool = False

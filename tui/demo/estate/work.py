"""What runs: a workload as a team would describe it, before it becomes objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tui.demo.estate.model import Box, Kinds, Slot

__all__ = ["BARE", "STATIC", "Form", "Manager", "Trouble", "Work", "side"]

BARE, STATIC = "Pod", "Static"


class Manager(StrEnum):
    """Who manages an object."""

    NONE = ""
    HELM = "helm"
    ARGO = "argo"
    FLUX = "flux"


class Form(StrEnum):
    """How the node's runtime reports the image (facts: supplychain C1)."""

    DIGEST = "containerd"
    BARE = "bare"  # CRI-O after a restart: 64 digits of the config digest
    CONFIG = "config"  # containerd, imported by hand: sha256:<config>
    DOCKER = "docker"  # cri-dockerd
    PLATFORM = "platform"  # pulled by the digest of one platform
    OTHER_NAME = "other-name"  # another name of the same content on the node


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the first container does not start; `{image}` and `{host}` are filled in. `every` of the pods, or one in so many."""

    reason: str
    message: str
    every: int = 1


@dataclass(frozen=True, slots=True)
class Work:
    """A workload. `image` is what the spec says; `runs` what the pods run instead of what its tag names now, in turn.

    A member of `runs` is a tag of the same repository (as it was when that version was pushed), or `other-repo:tag`.
    `rollback` are tags of older ReplicaSets; `pin` is the tag whose digest is written behind the name.
    """

    namespace: str
    name: str
    image: str
    replicas: int = 1
    kind: str = Kinds.DEPLOYMENT
    runs: tuple[str, ...] = ()
    extra: tuple[Box, ...] = ()
    age: float = 20.0
    manager: Manager = Manager.NONE
    rollback: tuple[str, ...] = ()
    form: Form = Form.DIGEST
    trouble: Trouble | None = None
    clusters: tuple[str, ...] = ("weu", "neu")
    schedule: str = ""
    suspended: bool = False
    arch: str = "amd64"
    pull: str = "IfNotPresent"
    annotations: Mapping[str, str] = field(default_factory=dict)
    lively: bool = True
    pin: str = ""


def side(name: str, image: str, slot: Slot = Slot.SIDECAR) -> Box:
    """A second container."""
    return Box(name, image, slot)

"""What a cluster's own gate says: constraints of Gatekeeper and Azure Policy, and Ratify's configuration. Facts, no verdicts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from tui.domain.common.source_id import SourceId

__all__ = ["Constraint", "Enforcement", "Gate", "Violation"]


class Enforcement(StrEnum):
    """What the gate does with what violates (Gatekeeper `enforcementAction`)."""

    DENY = "deny"
    WARN = "warn"
    DRYRUN = "dryrun"
    SCOPED = "scoped"
    UNKNOWN = "unknown"


class Violation(msgspec.Struct, frozen=True, gc=False):
    """One object that violates a constraint, as its audit reports it."""

    kind: str
    namespace: str
    name: str
    message: str
    action: Enforcement


class Constraint(msgspec.Struct, frozen=True):
    """One constraint. `total` is the number of violations that the audit counted, of which `violations` lists some.

    `images` and `excluded_containers` are the parameters of image constraints (a regular expression of Go's RE2);
    `integrity` marks one that asks for signatures (Ratify, Image Integrity). `managed_by` is `Azure Policy` or empty.
    `audited` is when the audit last ran, None when it never did. `exempt_images` are images that it lets through, whole or up
    to a `*` at the end. `selective` says that it asks only for objects with certain labels or the like, which is not known
    of workloads here. `forbidden` are images that it refuses, as `images` are those that it allows. `opaque` says why what it
    would answer cannot be told at all; empty for a constraint that is evaluated or audited. In `unasked_namespaces` pods are
    let in without it being asked, and in `unaudited_namespaces` its audit looks at nothing (Gatekeeper's Config).
    """

    cluster: str
    kind: str
    name: str
    action: Enforcement
    total: int | None = None
    violations: tuple[Violation, ...] = ()
    audited: datetime | None = None
    images: str = ""
    excluded_containers: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    excluded_namespaces: tuple[str, ...] = ()
    integrity: bool = False
    managed_by: str = ""
    title: str = ""
    exempt_images: tuple[str, ...] = ()
    selective: bool = False
    forbidden: str = ""
    opaque: str = ""
    unasked_namespaces: tuple[str, ...] = ()
    unaudited_namespaces: tuple[str, ...] = ()


class Gate(msgspec.Struct, frozen=True):
    """A cluster's gate as far as it is known.

    `absent` says that there is none, `unread` why it is not known at all, `partial` why not all of it is; each is a sentence
    or empty.
    """

    source: SourceId
    constraints: tuple[Constraint, ...] = ()
    at: datetime | None = None
    absent: str = ""
    unread: str = ""
    partial: str = ""
    remedy: str = ""

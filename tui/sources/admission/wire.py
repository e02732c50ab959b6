"""Constraints and Ratify's verifiers as JSON.

Sources: open-policy-agent/gatekeeper website/docs (howto.md "The match field", audit.md, violations.md, enforcement-points.md)
and pkg/audit/manager.go; the gatekeeper-library's parameters of allowedrepos; Azure Policy's template
K8sAzureV2ContainerAllowedImages; ratify-project/ratify config/samples.
"""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from tui.domain.admission import Constraint, Enforcement, Violation
from tui.domain.decoding import from_json
from tui.domain.text import clean

__all__ = ["DECODING", "bears_on_images", "read_constraints", "read_verifiers"]

# What hostile bytes can raise in a decoder; RecursionError for deep nesting.
DECODING = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
MAX_VIOLATIONS = 5000
MAX_MESSAGE = 1000
MAX_NAME = 253
_IMAGES = re.compile(r"image|repo|registr|tag|digest", re.IGNORECASE)
_INTEGRITY = re.compile(r"ratify|integrity|notation|cosign|signature|signed", re.IGNORECASE)
_AZURE = "azurepolicy-"
_PREFIX = "^(?:{})"  # the library's allowed repositories are beginnings of images


class _Metadata(msgspec.Struct):
    name: str = ""
    labels: dict[str, str] | None = None


class _Kinds(msgspec.Struct):
    kinds: list[str] | None = None


class _Match(msgspec.Struct):
    kinds: list[_Kinds] | None = None
    namespaces: list[str] | None = None
    excluded_namespaces: list[str] | None = msgspec.field(default=None, name="excludedNamespaces")
    label_selector: dict[str, object] | None = msgspec.field(default=None, name="labelSelector")
    namespace_selector: dict[str, object] | None = msgspec.field(default=None, name="namespaceSelector")
    name: str = ""
    scope: str = ""


class _Spec(msgspec.Struct):
    action: str = msgspec.field(default="deny", name="enforcementAction")
    match: _Match | None = None
    parameters: msgspec.Raw = msgspec.Raw(b"{}")


class _Parameters(msgspec.Struct):
    image_regex: str = msgspec.field(default="", name="imageRegex")
    repos: list[str] | None = None
    excluded_containers: list[str] | None = msgspec.field(default=None, name="excludedContainers")
    exempt_images: list[str] | None = msgspec.field(default=None, name="exemptImages")
    excluded_images: object = msgspec.field(default=None, name="excludedImages")


class _Violation(msgspec.Struct):
    kind: str = ""
    name: str = ""
    namespace: str = ""
    message: str = ""
    action: str = msgspec.field(default="", name="enforcementAction")


class _Status(msgspec.Struct):
    audited: datetime | None = msgspec.field(default=None, name="auditTimestamp")
    total: int | None = msgspec.field(default=None, name="totalViolations")
    violations: list[_Violation] | None = None


class _Object(msgspec.Struct):
    metadata: _Metadata
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _Status | None = None


class _VerifierSpec(msgspec.Struct):
    name: str = ""
    type: str = ""


class _Verifier(msgspec.Struct):
    metadata: _Metadata
    spec: _VerifierSpec | None = None


class _List(msgspec.Struct):
    items: list[msgspec.Raw] | None = None


def bears_on_images(kind: str) -> bool:
    """Whether a kind of constraint is about images by its name."""
    return _IMAGES.search(kind) is not None or _INTEGRITY.search(kind) is not None


def read_constraints(page: bytes, cluster: str, kind: str) -> tuple[list[Constraint], int]:
    """The constraints of a page that bear on images, and how many objects were not understood. Raises DECODING."""
    found, broken = [], 0
    for raw in from_json(page, _List).items or ():
        try:
            constraint = _constraint(from_json(raw, _Object), cluster, kind)
        except DECODING:
            broken += 1
            continue
        if constraint.images or bears_on_images(kind):
            found.append(constraint)
    return found, broken


def read_verifiers(page: bytes) -> list[str]:
    """The names of what Ratify verifies with. Raises DECODING."""
    found = []
    for raw in from_json(page, _List).items or ():
        verifier = from_json(raw, _Verifier)
        spec = verifier.spec or _VerifierSpec()
        found.append(clean(spec.name or spec.type or verifier.metadata.name, MAX_NAME))
    return found


def _constraint(one: _Object, cluster: str, kind: str) -> Constraint:
    match, status = one.spec.match or _Match(), one.status or _Status()
    parameters = _parameters(one.spec.parameters)
    action = _action(one.spec.action)
    name = clean(one.metadata.name, MAX_NAME)
    return Constraint(
        cluster=cluster,
        kind=kind,
        name=name,
        action=action,
        total=_total(status),
        violations=tuple(_violation(each, action) for each in (status.violations or ())[:MAX_VIOLATIONS]),
        audited=status.audited if status.audited is not None and status.audited.tzinfo is not None else None,
        images=parameters.image_regex or _beginnings(parameters.repos),
        excluded_containers=tuple(parameters.excluded_containers or ()),
        kinds=tuple(dict.fromkeys(each for group in match.kinds or () for each in group.kinds or ())),
        namespaces=tuple(match.namespaces or ()),
        excluded_namespaces=tuple(match.excluded_namespaces or ()),
        integrity=_INTEGRITY.search(kind) is not None,
        managed_by="Azure Policy" if name.startswith(_AZURE) or _is_of_the_addon(one.metadata) else "",
        exempt_images=tuple(parameters.exempt_images or ()),
        selective=_is_selective(match) or bool(parameters.excluded_images),
    )


def _parameters(raw: msgspec.Raw) -> _Parameters:
    """The parameters that are known; every template has its own, so another shape is no fault."""
    try:
        return from_json(raw, _Parameters | None) or _Parameters()
    except msgspec.ValidationError:
        return _Parameters()


def _action(text: str) -> Enforcement:
    try:
        return Enforcement(text or "deny")
    except ValueError:
        return Enforcement.UNKNOWN


def _total(status: _Status) -> int | None:
    """How many violations there are; a list longer than its own count is believed."""
    listed = len(status.violations or ())
    return None if status.total is None else max(status.total, listed)


def _violation(found: _Violation, action: Enforcement) -> Violation:
    return Violation(
        kind=clean(found.kind, MAX_NAME),
        namespace=clean(found.namespace, MAX_NAME),
        name=clean(found.name, MAX_NAME),
        message=clean(found.message, MAX_MESSAGE),
        action=_action(found.action) if found.action else action,
    )


def _beginnings(repos: list[str] | None) -> str:
    return _PREFIX.format("|".join(map(_quoted, repos))) if repos else ""


def _quoted(text: str) -> str:
    """The text as a pattern for itself."""
    return re.sub(r"[^\w/-]", lambda found: f"\\{found[0]}", text, flags=re.ASCII)


def _is_of_the_addon(metadata: _Metadata) -> bool:
    return (metadata.labels or {}).get("managed-by") == "azure-policy-addon"


def _is_selective(match: _Match) -> bool:
    """Whether it asks for labels, a name or a scope; an empty selector asks for nothing."""
    selectors = (match.label_selector, match.namespace_selector)
    return any(map(bool, selectors)) or bool(match.name) or match.scope == "Cluster"

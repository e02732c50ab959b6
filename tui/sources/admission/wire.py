"""Constraints and Ratify's verifiers as JSON.

Sources: open-policy-agent/gatekeeper website/docs (howto.md "The match field", audit.md, violations.md, enforcement-points.md)
and pkg/audit/manager.go; the gatekeeper-library's parameters of allowedrepos; Azure Policy's template
K8sAzureV2ContainerAllowedImages; ratify-project/ratify config/samples.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from tui.domain.common.decoding import DECODING, from_json
from tui.domain.common.text import clean
from tui.domain.facts.admission import Constraint, Enforcement, Violation

__all__ = ["bears_on_images", "read_constraints", "read_verifiers"]

# What hostile bytes can raise in a decoder; RecursionError for deep nesting.
MAX_VIOLATIONS = 5000
MAX_MESSAGE = 1000
MAX_NAME = 253
_IMAGES = re.compile(r"image|repo|registr|tag|digest", re.IGNORECASE)
_INTEGRITY = re.compile(r"ratify|integrity|notation|cosign|signature|signed", re.IGNORECASE)
_AZURE = "azurepolicy-"
_NO_IMAGE = "^$"  # what an empty list means: no image begins so (allowedrepos' Rego: `not any([])` is true)
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
    """The parameters of the templates that are known; what they mean is their template's to say."""

    image_regex: str | None = msgspec.field(default=None, name="imageRegex")
    repos: list[str] | None = None
    allowed_images: list[str] | None = msgspec.field(default=None, name="allowedImages")
    excluded_containers: list[str] | None = msgspec.field(default=None, name="excludedContainers")
    exempt_images: list[str] | None = msgspec.field(default=None, name="exemptImages")
    excluded_images: object = msgspec.field(default=None, name="excludedImages")


class _Meaning(msgspec.Struct, frozen=True):
    """What the parameters of a template mean: patterns of images allowed and refused, images and containers let through."""

    images: Callable[[_Parameters], str] = lambda _: ""
    forbidden: Callable[[_Parameters], str] = lambda _: ""
    exempts: bool = False
    excludes: bool = False


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
    """The constraints of a page, and how many objects were not understood. Raises DECODING.

    Of those that are not about images by kind or parameters only what refuses counts: a template of one's own may be called
    anything, and one that only warns of other things says nothing of images.
    """
    constraints, broken = [], 0
    for raw in from_json(page, _List).items or ():
        try:
            resource = from_json(raw, _Object)
            constraint = _constraint(resource, cluster, kind)
        except DECODING:
            broken += 1
            continue
        softer = constraint.action in (Enforcement.WARN, Enforcement.DRYRUN)
        if not softer or bears_on_images(kind) or _names_images(resource.spec.parameters):
            constraints.append(constraint)
    return constraints, broken


def _names_images(parameters: msgspec.Raw) -> bool:
    """Whether the parameters speak of images: a template of one's own may be called anything."""
    return _IMAGES.search(bytes(parameters).decode(errors="replace")) is not None


def read_verifiers(page: bytes) -> list[str]:
    """The names of what Ratify verifies with. Raises DECODING."""
    names = []
    for raw in from_json(page, _List).items or ():
        verifier = from_json(raw, _Verifier)
        spec = verifier.spec or _VerifierSpec()
        names.append(clean(spec.name or spec.type or verifier.metadata.name, MAX_NAME))
    return names


def _constraint(resource: _Object, cluster: str, kind: str) -> Constraint:
    match, status = resource.spec.match or _Match(), resource.status or _Status()
    parameters = _parameters(resource.spec.parameters)
    meaning = TEMPLATES.get(kind, _Meaning())
    action = _action(resource.spec.action)
    name = clean(resource.metadata.name, MAX_NAME)
    return Constraint(
        cluster=cluster,
        kind=kind,
        name=name,
        action=action,
        total=_total(status),
        violations=tuple(_violation(violation, action) for violation in (status.violations or ())[:MAX_VIOLATIONS]),
        audited=status.audited if status.audited is not None and status.audited.tzinfo is not None else None,
        images=meaning.images(parameters),
        forbidden=meaning.forbidden(parameters),
        excluded_containers=tuple(parameters.excluded_containers or ()) if meaning.excludes else (),
        kinds=tuple(dict.fromkeys(matched for group in match.kinds or () for matched in group.kinds or ())),
        namespaces=tuple(match.namespaces or ()),
        excluded_namespaces=tuple(match.excluded_namespaces or ()),
        integrity=_INTEGRITY.search(kind) is not None,
        managed_by="Azure Policy" if name.startswith(_AZURE) or _is_of_the_addon(resource.metadata) else "",
        exempt_images=tuple(parameters.exempt_images or ()) if meaning.exempts else (),
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


def _violation(violation: _Violation, action: Enforcement) -> Violation:
    return Violation(
        kind=clean(violation.kind, MAX_NAME),
        namespace=clean(violation.namespace, MAX_NAME),
        name=clean(violation.name, MAX_NAME),
        message=clean(violation.message, MAX_MESSAGE),
        action=_action(violation.action) if violation.action else action,
    )


def _beginnings(parameters: _Parameters) -> str:
    repos = parameters.repos
    return _PREFIX.format("|".join(map(_quoted, repos))) if repos else _NO_IMAGE


def _whole_or_beginnings(parameters: _Parameters) -> str:
    """Images whole, or up to a `*` at the end."""
    patterns = [
        _quoted(pattern[:-1]) if pattern.endswith("*") else f"{_quoted(pattern)}$" for pattern in parameters.allowed_images or ()
    ]
    return _PREFIX.format("|".join(patterns)) if patterns else _NO_IMAGE


def _pattern(parameters: _Parameters) -> str:
    return parameters.image_regex or ""


_AZURES = _Meaning(images=_pattern, excludes=True)
TEMPLATES: Mapping[str, _Meaning] = {
    "K8sAzureV1ContainerAllowedImages": _AZURES,
    "K8sAzureV2ContainerAllowedImages": _AZURES,
    "K8sAllowedRepos": _Meaning(images=_beginnings),
    "K8sAllowedReposv2": _Meaning(images=_whole_or_beginnings),
    "K8sDisallowedRepos": _Meaning(forbidden=_beginnings),
    "K8sDisallowedTags": _Meaning(exempts=True),
    "K8sImageDigests": _Meaning(exempts=True),
}
"""The templates of Azure Policy and of the gatekeeper-library that are about images, by the kind that they make.

The parameters of any other mean what its author chose, whatever they are called: such a constraint counts by its audit alone.
"""


def _quoted(text: str) -> str:
    """The text as a pattern for itself."""
    return re.sub(r"[^\w/-]", lambda match: f"\\{match[0]}", text, flags=re.ASCII)


def _is_of_the_addon(metadata: _Metadata) -> bool:
    return (metadata.labels or {}).get("managed-by") == "azure-policy-addon"


def _is_selective(match: _Match) -> bool:
    """Whether it asks for labels, a name or a scope; an empty selector asks for nothing."""
    selectors = (match.label_selector, match.namespace_selector)
    return any(map(bool, selectors)) or bool(match.name) or match.scope == "Cluster"

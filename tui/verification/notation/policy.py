"""Trust policy documents of the Notary Project (trust-store-trust-policy.md; notation-go verifier/trustpolicy)."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cached_property
from typing import TypeVar

import msgspec

from tui.domain.facts.signature import Action, StepName
from tui.errors import InvalidConfig
from tui.verification.faults import Malformed, said
from tui.verification.notation.names import is_subset, parse_name
from tui.verification.strict import Json, json_object, object_of, refuse_lookalikes, strings_of, text_of

__all__ = ["Level", "PolicyDocument", "Statement", "StoreType", "VerifyTimestamp", "parse_policy"]

E = TypeVar("E", bound=StrEnum)

WILDCARD = "*"
SUBJECT = "x509.subject"
VERSION = "1.0"
SIZE_LIMIT = 4 << 20

_STORE_NAME = re.compile(r"[a-zA-Z0-9_.-]+", re.ASCII)
_HOST_PART = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_HOST = re.compile(rf"{_HOST_PART}(?:\.{_HOST_PART})*(?::[0-9]+)?", re.ASCII)
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*", re.ASCII)


class Level(StrEnum):
    """How much a statement enforces; CUSTOM is a level with overrides."""

    STRICT = "strict"
    PERMISSIVE = "permissive"
    AUDIT = "audit"
    SKIP = "skip"
    CUSTOM = "custom"


class StoreType(StrEnum):
    """Kinds of trust stores."""

    CA = "ca"
    AUTHORITY = "signingAuthority"
    TSA = "tsa"


class VerifyTimestamp(StrEnum):
    """When a time stamp is looked at."""

    ALWAYS = "always"
    AFTER_EXPIRY = "afterCertExpiry"


_CHECKS = (StepName.INTEGRITY, StepName.AUTHENTICITY, StepName.TIMESTAMP, StepName.EXPIRY, StepName.REVOCATION)
_ENFORCED = {
    Level.STRICT: frozenset(_CHECKS),
    Level.PERMISSIVE: frozenset({StepName.INTEGRITY, StepName.AUTHENTICITY}),
    Level.AUDIT: frozenset({StepName.INTEGRITY}),
}


class Statement(msgspec.Struct, frozen=True, dict=True):
    """One statement: `actions` by step after overrides; `stores` are (type, name); `identities` DNs, None for any."""

    name: str
    scopes: tuple[str, ...]
    level: Level
    actions: dict[StepName, Action]
    stores: tuple[tuple[StoreType, str], ...] = ()
    identities: tuple[dict[str, str], ...] | None = ()
    verify_timestamp: VerifyTimestamp = VerifyTimestamp.ALWAYS

    def action(self, step: StepName) -> Action:
        """What a failure of the step means; ENFORCE for what the document cannot name."""
        return self.actions.get(step, Action.ENFORCE)

    def store_names(self, kind: StoreType) -> tuple[str, ...]:
        """The named stores of one type, each once."""
        return self._names_by_kind[kind]

    @cached_property
    def _names_by_kind(self) -> dict[StoreType, tuple[str, ...]]:
        return {kind: tuple(dict.fromkeys(name for other, name in self.stores if other is kind)) for kind in StoreType}


class PolicyDocument(msgspec.Struct, frozen=True):
    """A valid document."""

    statements: tuple[Statement, ...]

    def select(self, repository: str) -> Statement | None:
        """The statement for `host/repository`: the exact scope, else `*`, else None. No prefixes, no patterns."""
        if not _is_scope(repository):
            return None
        exact = (statement for statement in self.statements if repository in statement.scopes)
        wildcard = (statement for statement in self.statements if WILDCARD in statement.scopes)
        return next(exact, None) or next(wildcard, None)


def parse_policy(data: bytes, path: str = "trustpolicy.json") -> PolicyDocument:
    """The document of a trust policy file; InvalidConfig with the rule that does not hold."""
    try:
        if len(data) > SIZE_LIMIT:
            raise Malformed("it is larger than 4 MiB")
        return _document(json_object(data))
    except ValueError as error:
        headline = f"the trust policy {path} is not valid: {said(error)}"
        raise InvalidConfig(headline, "correct it as notaryproject.dev/docs says, then try again", path=path) from error


def _document(members: dict[str, Json]) -> PolicyDocument:
    refuse_lookalikes(members, ("version", "trustPolicies"))
    if text_of(members, "version") != VERSION:
        raise Malformed(f"version must be {VERSION}")
    policies = members.get("trustPolicies")
    if not isinstance(policies, list) or not policies:
        raise Malformed("trustPolicies has no statement")
    statements = tuple(_statement(policy) for policy in policies)
    _refuse_repeated("statement name", [statement.name for statement in statements])
    _refuse_repeated("registry scope", [scope for statement in statements for scope in statement.scopes])
    return PolicyDocument(statements)


def _refuse_repeated(subject: str, values: list[str]) -> None:
    repeated = next((value for value in values if values.count(value) > 1), None)
    if repeated is not None:
        raise Malformed(f"{subject} {repeated!r} is used more than once")


def _statement(value: Json) -> Statement:
    if not isinstance(value, dict):
        raise Malformed("a statement is not an object")
    refuse_lookalikes(value, ("name", "registryScopes", "signatureVerification", "trustStores", "trustedIdentities"))
    name = text_of(value, "name")
    if not name:
        raise Malformed("a statement has no name")
    verification = object_of(value, "signatureVerification")
    refuse_lookalikes(verification, ("level", "override", "verifyTimestamp"))
    level, actions = _level(verification)
    stores, identities = strings_of(value, "trustStores"), strings_of(value, "trustedIdentities")
    _check_presence(name, level, stores, identities)
    return Statement(
        name=name,
        scopes=_scopes(name, strings_of(value, "registryScopes")),
        level=level,
        actions=actions,
        stores=tuple(_store(store) for store in stores),
        identities=_identities(identities),
        verify_timestamp=_verify_timestamp(verification),
    )


def _check_presence(name: str, level: Level, stores: tuple[str, ...], identities: tuple[str, ...]) -> None:
    if level is Level.SKIP and (stores or identities):
        raise Malformed(f"{name!r} skips verification but names trust stores or identities")
    if level is not Level.SKIP and not (stores and identities):
        raise Malformed(f"{name!r} needs both trustStores and trustedIdentities")


def _level(verification: dict[str, Json]) -> tuple[Level, dict[StepName, Action]]:
    base = _member(Level, text_of(verification, "level"), "a level")
    if base is Level.CUSTOM:
        raise Malformed("'custom' is not a level that can be written")
    override = object_of(verification, "override") if verification.get("override") is not None else {}
    if base is Level.SKIP:
        if override:
            raise Malformed("level skip cannot be overridden")
        return base, dict.fromkeys(_CHECKS, Action.SKIP)
    enforced = _ENFORCED[base]
    actions = {step: Action.ENFORCE if step in enforced else Action.LOG for step in _CHECKS}
    for name in override:
        step, action = _overridden(name, text_of(override, name))
        actions[step] = action
    return (Level.CUSTOM if override else base), actions


def _overridden(name: str, value: str) -> tuple[StepName, Action]:
    step = next((step for step in _CHECKS if step.value == name), None)
    if step is None or step is StepName.INTEGRITY:
        raise Malformed(f"{name!r} cannot be overridden")
    action = _member(Action, value, "an action")
    if action is Action.SKIP and step is not StepName.REVOCATION:
        raise Malformed(f"{name!r} cannot be skipped")
    return step, action


def _verify_timestamp(verification: dict[str, Json]) -> VerifyTimestamp:
    value = verification.get("verifyTimestamp")
    if value in (None, ""):
        return VerifyTimestamp.ALWAYS
    return _member(VerifyTimestamp, text_of(verification, "verifyTimestamp"), "an option of verifyTimestamp")


def _member(kind: type[E], text: str, expected: str) -> E:
    """The member of that value."""
    chosen = next((member for member in kind if member.value == text), None)
    if chosen is None:
        raise Malformed(f"{text!r} is not {expected}")
    return chosen


def _scopes(name: str, scopes: tuple[str, ...]) -> tuple[str, ...]:
    if not scopes:
        raise Malformed(f"{name!r} has no registryScopes")
    if len(scopes) > 1 and WILDCARD in scopes:
        raise Malformed(f"{name!r} mixes the scope '*' with others")
    wrong = next((scope for scope in scopes if scope != WILDCARD and not _is_scope(scope)), None)
    if wrong is not None:
        raise Malformed(f"registry scope {wrong!r} is not host/repository")
    return scopes


def _is_scope(text: str) -> bool:
    host, _, repository = text.partition("/")
    return len(text) <= 1024 and _HOST.fullmatch(host) is not None and _REPOSITORY.fullmatch(repository) is not None


def _store(text: str) -> tuple[StoreType, str]:
    kind, separator, name = text.partition(":")
    if not separator or _STORE_NAME.fullmatch(name) is None or set(name) == {"."}:
        raise Malformed(f"trust store {text!r} is not type:name")
    return _member(StoreType, kind, "a type of trust store"), name


def _identities(texts: tuple[str, ...]) -> tuple[dict[str, str], ...] | None:
    """The DNs that may sign; None for `*`. Identities of a kind that only plugins know match nothing."""
    if WILDCARD in texts:
        if len(texts) > 1:
            raise Malformed("the identity '*' excludes others")
        return None
    names = []
    for text in texts:
        prefix, separator, value = text.partition(":")
        if not separator or (prefix == SUBJECT and not value):
            raise Malformed(f"trusted identity {text!r} is not prefix:value")
        if prefix == SUBJECT:
            names.append(parse_name(value))
    _refuse_overlap(names)
    return tuple(names)


def _refuse_overlap(names: list[dict[str, str]]) -> None:
    pairs = ((name, other) for i, name in enumerate(names) for j, other in enumerate(names) if i != j)
    if any(is_subset(name, other) for name, other in pairs):
        raise Malformed("two trusted identities overlap")

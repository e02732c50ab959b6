"""The policy file: TOML, strict, with faults shown by line and column. What it does not say is as in the built-in policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated, ClassVar, get_origin, get_type_hints

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tui.domain.common.text import clean
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.freshness import Limits
from tui.domain.facts.patterns import Pattern, parse_pattern
from tui.domain.facts.reference import is_digest
from tui.domain.facts.scan import Severity
from tui.domain.policy.policy import Policy, built_in
from tui.domain.policy.rules import SETTINGS, Rules, Unfixed
from tui.domain.policy.scopes import Scope
from tui.domain.policy.waivers import PolicyException
from tui.errors import InvalidConfig
from tui.settings.toml import KeyPath, TomlReader, content_of

__all__ = ["builtin_text", "load_policy", "read_policy"]

Days = Annotated[int, Meta(ge=0, le=36_500)]
Seconds = Annotated[int, Meta(ge=10, le=604_800)]
Table = dict[str, object]
MAX_TEXT = 500
"""Characters of a reason, an owner or a name."""
MOST_SCOPES, MOST_EXCEPTIONS = 500, 2_000


class RuleResult(StrEnum):
    """What something ends in that is found so."""

    OFF = "off"
    WARN = "warn"
    FAIL = "fail"


class Missing(StrEnum):
    """What an image without a report ends in."""

    UNKNOWN = "unknown"
    OFF = "off"
    WARN = "warn"
    FAIL = "fail"


class Threshold(StrEnum):
    """From which severity on."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NEGLIGIBLE = "negligible"
    NONE = "none"


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A table of settings; UNSET is what the file does not say."""


class RegistrySection(Section, frozen=True):
    """`[registry]`."""

    trusted: tuple[str, ...] | UnsetType = UNSET
    signed_in: bool | UnsetType = UNSET


class SignatureSection(Section, frozen=True):
    """`[signature]`."""

    unsigned: RuleResult | UnsetType = UNSET
    unverified: RuleResult | UnsetType = UNSET
    signers: tuple[str, ...] | UnsetType = UNSET


class ScanSection(Section, frozen=True):
    """`[scan]`."""

    fail_on: Threshold | UnsetType = UNSET
    warn_on: Threshold | UnsetType = UNSET
    unfixed: Unfixed | UnsetType = UNSET
    missing: Missing | UnsetType = UNSET
    max_age: Days | UnsetType = UNSET


class BaseSection(Section, frozen=True):
    """`[base]`."""

    outdated: RuleResult | UnsetType = UNSET
    grace: Days | UnsetType = UNSET
    end_of_life: RuleResult | UnsetType = UNSET


class IdentitySection(Section, frozen=True):
    """`[identity]`."""

    moved: RuleResult | UnsetType = UNSET
    mixed: RuleResult | UnsetType = UNSET
    gone: RuleResult | UnsetType = UNSET
    impostor: RuleResult | UnsetType = UNSET


class AgeSection(Section, frozen=True):
    """`[age]`."""

    warn: Days | UnsetType = UNSET
    max: Days | UnsetType = UNSET


class AdmissionSection(Section, frozen=True):
    """`[admission]`."""

    deny: RuleResult | UnsetType = UNSET
    warn: RuleResult | UnsetType = UNSET
    dryrun: RuleResult | UnsetType = UNSET


class FreshnessSection(Section, frozen=True):
    """`[freshness]`: how old what sources said may be, at the top of the file only."""

    cluster: Seconds | UnsetType = UNSET
    registry: Seconds | UnsetType = UNSET
    signature: Seconds | UnsetType = UNSET
    scan: Seconds | UnsetType = UNSET
    admission: Seconds | UnsetType = UNSET


class PolicyTables(Section, frozen=True):
    """What the file and each of its scopes may say; the tables are read one by one, each as its section."""

    off: tuple[CheckName, ...] | UnsetType = UNSET
    registry: Annotated[Table, RegistrySection] = {}
    signature: Annotated[Table, SignatureSection] = {}
    scan: Annotated[Table, ScanSection] = {}
    base: Annotated[Table, BaseSection] = {}
    identity: Annotated[Table, IdentitySection] = {}
    age: Annotated[Table, AgeSection] = {}
    admission: Annotated[Table, AdmissionSection] = {}


_SECTIONS: dict[str, type[Section]] = {
    name: hint.__metadata__[0]
    for name, hint in get_type_hints(PolicyTables, include_extras=True).items()
    if get_origin(hint) is Annotated
}


class PolicyFile(PolicyTables, frozen=True):
    """The top of the file."""

    name: str = ""
    freshness: Table = {}
    scope: dict[str, Table] = {}
    exception: dict[str, Table] = {}


class ScopeTable(PolicyTables, frozen=True):
    """`[scope.NAME]`."""

    clusters: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()


class ExceptionTable(Section, frozen=True):
    """`[exception.ID]`."""

    reason: str
    owner: str
    until: object
    checks: tuple[CheckName, ...] = ()
    cves: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()


def builtin_text() -> str:
    """The built-in policy as it is written."""
    return files("tui.settings.policies").joinpath("builtin.toml").read_text(encoding="utf-8")


def load_policy(path: str) -> Policy:
    """The policy in a file; the built-in one without a path. Raises InvalidConfig with line and column."""
    if not path:
        return built_in()
    file = Path(path).expanduser()
    other = "Name another with --policy or TRUSTREE_POLICY."
    return read_policy(content_of(file, other, f"Make it readable. {other}"), str(file))


def read_policy(content: bytes, path: str) -> Policy:
    """The policy that a text is; `path` is for messages. Raises InvalidConfig with line and column."""
    policy = _PolicyReader(content, path).policy(built_in().rules)
    return msgspec.structs.replace(policy, path=path)


class _PolicyReader(TomlReader):
    """Knows the tables of a policy."""

    hints: ClassVar[Mapping[str, str]] = {"until": "It is a day without quotes, such as 2030-12-31, or a moment."}

    def policy(self, rules: Rules) -> Policy:
        """The policy; `rules` are those where the file says nothing."""
        top = self.convert(self.table, PolicyFile, ())
        name = clean(top.name or Path(self.path).stem, MAX_TEXT)
        self._limit(top.scope, "scope", MOST_SCOPES)
        self._limit(top.exception, "exception", MOST_EXCEPTIONS)
        settings = self._settings(top, ())
        origins = tuple(sorted((field, f"policy {name}") for field in settings))
        scopes = tuple(self._scope(key, table) for key, table in sorted(top.scope.items()))
        exceptions = tuple(self._exception(key, table) for key, table in sorted(top.exception.items()))
        limits = self._limits(self.convert(top.freshness, FreshnessSection, ("freshness",)))
        return Policy(name, msgspec.structs.replace(rules, **settings, origins=origins), scopes, exceptions, limits=limits)

    def _limits(self, section: FreshnessSection) -> Limits:
        written = {key: value for key in section.__struct_fields__ if (value := getattr(section, key)) is not UNSET}
        return msgspec.structs.replace(Limits(), **written)

    def _limit(self, tables: dict[str, Table], name: str, most: int) -> None:
        if len(tables) > most:
            self.refuse(f"There are more than {most:,} tables [{name}.…]", (name,), "Put several conditions into one.")

    def _scope(self, name: str, table: Table) -> Scope:
        place = ("scope", name)
        written = self.convert(table, ScopeTable, place)
        self._refuse_empty(table, place)
        if not (written.clusters or written.namespaces or written.repositories):
            remedy = "Name clusters, namespaces or repositories; what counts everywhere stands at the top of the file."
            self.refuse(f"Scope “{clean(name, 60)}” does not say where it counts", place, remedy)
        settings = tuple(sorted(self._settings(written, place).items()))
        return Scope(
            clean(name, MAX_TEXT),
            settings,
            self._names(written.clusters, (*place, "clusters")),
            self._names(written.namespaces, (*place, "namespaces")),
            self._patterns(written.repositories, (*place, "repositories")),
        )

    def _exception(self, id: str, table: Table) -> PolicyException:
        place = ("exception", id)
        written = self.convert(table, ExceptionTable, place)
        self._refuse_empty(table, place)
        for cve in written.cves:
            if not cve.strip() or "*" in cve:
                remedy = "Write each whole: CVE-2030-1, or another identifier that a scanner gives."
                self.refuse(f"“{clean(cve, 60)}” is not the identifier of a vulnerability", (*place, "cves"), remedy)
        for field in ("reason", "owner"):
            if not getattr(written, field).strip():
                self.refuse(f"`{field}` is empty", (*place, field), "Say it in a few words: others will want to know.")
        if not written.checks and not written.cves:
            remedy = 'Name checks = ["age"] or cves = ["CVE-2030-1"].'
            self.refuse(f"Exception “{clean(id, 60)}” does not say what it accepts", place, remedy)
        if written.cves and CheckName.SCAN in written.checks:
            remedy = "Leave out one: cves accepts these vulnerabilities, checks the whole check."
            self.refuse("`checks` has scan although `cves` names vulnerabilities", (*place, "checks"), remedy)
        if not isinstance(written.until, date):  # a datetime is a date too
            self.refuse("`until` has a wrong value", (*place, "until"), self.hints["until"])
        for digest in written.digests:
            if not is_digest(digest):
                self.refuse(
                    f"“{clean(digest, 80)}” is not a digest", (*place, "digests"), "Write it whole: sha256:<64 hex digits>."
                )
        return PolicyException(
            clean(id, MAX_TEXT),
            clean(written.reason.strip(), MAX_TEXT),
            clean(written.owner.strip(), MAX_TEXT),
            _end_of(written.until),
            written.checks,
            tuple(cve.strip().upper() for cve in written.cves),
            self._names(written.clusters, (*place, "clusters")),
            self._names(written.namespaces, (*place, "namespaces")),
            self._patterns(written.repositories, (*place, "repositories")),
            written.digests,
        )

    def _refuse_empty(self, table: Table, place: KeyPath) -> None:
        """A condition that names nothing is a mistake: nobody could say whether it is met everywhere or nowhere."""
        for key in CONDITIONS:
            if table.get(key) == []:
                self.refuse(f"`{key}` names nothing", (*place, key), "Name some, or leave it out where it may be any.")

    def _settings(self, tables: PolicyTables, place: KeyPath) -> dict[str, object]:
        """The fields of the rules that the tables set."""
        fields: dict[str, object] = {} if tables.off is UNSET else {"off": tables.off}
        for name, kind in _SECTIONS.items():
            section_place = (*place, name)
            section = self.convert(getattr(tables, name), kind, section_place)
            written = {key: value for key in kind.__struct_fields__ if (value := getattr(section, key)) is not UNSET}
            fields |= {_FIELDS[name, key]: self._value(value, (*section_place, key)) for key, value in written.items()}
        if "trusted" in fields:
            fields.setdefault("trust_signed_in", False)  # who lists what is trusted means the list
        return fields

    def _value(self, value: object, place: KeyPath) -> object:
        """A value as the rules hold it."""
        match place[-2:]:
            case ("registry", "trusted"):
                assert isinstance(value, tuple)
                return self._patterns(value, place)
            case ("scan", "fail_on" | "warn_on"):
                return None if value is Threshold.NONE else Severity(str(value))
        return State(value) if isinstance(value, RuleResult | Missing) else value

    def _patterns(self, texts: Iterable[str], place: KeyPath) -> tuple[Pattern, ...]:
        try:
            return tuple(parse_pattern(text) for text in texts)
        except InvalidConfig as error:
            self.refuse(error.headline.removesuffix("."), place, error.remedy, error)

    def _names(self, texts: tuple[str, ...], place: KeyPath) -> tuple[str, ...]:
        """Patterns of names: an empty one, or one of many `*`, would be a mistake."""
        for text in texts:
            if not text.strip() or text.count("*") > 3:
                self.refuse(f"“{clean(text, 60)}” is not a name", place, "Write a name; `*` stands for any text, at most thrice.")
        return texts


CONDITIONS = ("clusters", "namespaces", "repositories", "digests")
_FIELDS = {place: field for field, place in SETTINGS.items()}


def _end_of(until: date | datetime) -> datetime:
    """The moment from which an exception counts no more: a day is meant whole, in UTC, and so is a time without a zone."""
    try:
        if not isinstance(until, datetime):
            return datetime.combine(until, time.min, UTC) + timedelta(days=1)
        return until.astimezone(UTC) if until.tzinfo else until.replace(tzinfo=UTC)
    except OverflowError:  # 9999-12-31
        return datetime.max.replace(tzinfo=UTC)

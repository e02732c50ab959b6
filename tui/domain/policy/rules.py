"""The rules that checks judge by: one setting each, with where it is written."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import cached_property

import msgspec

from tui.domain.common.text import clean
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.patterns import Pattern
from tui.domain.facts.scan import Severity
from tui.domain.policy.waivers import PolicyException

__all__ = ["BUILT_IN", "SETTINGS", "Rules", "Unfixed", "settings_of", "shown"]

BUILT_IN = "built in"
SHOWN = 60


class Unfixed(StrEnum):
    """What a vulnerability counts for which no fix is known."""

    COUNT = "count"
    WARN = "warn"
    IGNORE = "ignore"


class Rules(msgspec.Struct, frozen=True, dict=True, cache_hash=True):
    """What an image must be to pass, at one place. States are those of what is found so; OFF does not ask.

    `off` are checks that are not asked at all. `trusted` are patterns of registries and repositories; with `trust_signed_in`,
    also Azure registries that are ours and signed in to. `unsigned` has no signature, `unverified` none that verifies;
    `signers` are patterns of who must have signed, none for whomever the trust policy accepts.

    A vulnerability of at least `scan_fail_on` fails, of at least `scan_warn_on` warns, None for no such threshold; a report
    older than `scan_max_age` says nothing any more; `scan_missing` is the state without a report.

    Ages are in days, 0 asks for none: older than `warn_age` warns, than `max_age` fails. An outdated base ends in
    `base_outdated`, and fails when the newer build has been there for more than `base_grace` days.

    `origins` says which settings are not built in and where they are written (a scope, or the policy's name); `exceptions`
    are those that count here and now, `expired` those that did.
    """

    off: tuple[CheckName, ...] = ()
    trusted: tuple[Pattern, ...] = ()
    trust_signed_in: bool = True
    unsigned: State = State.FAIL
    unverified: State = State.FAIL
    signers: tuple[str, ...] = ()
    scan_fail_on: Severity | None = Severity.CRITICAL
    scan_warn_on: Severity | None = Severity.HIGH
    scan_unfixed: Unfixed = Unfixed.COUNT
    scan_missing: State = State.UNKNOWN
    scan_max_age: int = 7
    base_outdated: State = State.WARN
    base_grace: int = 30
    base_end_of_life: State = State.FAIL
    moved: State = State.FAIL
    mixed: State = State.FAIL
    gone: State = State.FAIL
    impostor: State = State.FAIL
    warn_age: int = 90
    max_age: int = 365
    admission_deny: State = State.FAIL
    admission_warn: State = State.WARN
    admission_dryrun: State = State.WARN
    origins: tuple[tuple[str, str], ...] = ()
    exceptions: tuple[PolicyException, ...] = ()
    expired: tuple[PolicyException, ...] = ()

    def cite(self, field: str, value: str = "") -> str:
        """The rule that a field is, as the policy writes it: `age.max = 365 (scope prod)`; `value` for one of a list."""
        citation = self._cited.get((field, value))
        if citation is None:
            text = value or shown(getattr(self, field))
            citation = f"{'.'.join(SETTINGS[field])} = {clean(text, SHOWN)} ({self.origin(field)})"
            self._cited[field, value] = citation
        return citation

    @cached_property
    def _cited(self) -> dict[tuple[str, str], str]:
        """What was cited before: every image cites the same few."""
        return {}

    @property
    def overrules(self) -> bool:
        """Whether an answer may be taken for another than the check gave."""
        return bool(self.off or self.exceptions or self.expired)

    def alike(self, other: Rules, fields: Iterable[str]) -> bool:
        """Whether these fields say the same in both, and are written at the same place."""
        return all(
            getattr(self, field) == getattr(other, field) and self.origin(field) == other.origin(field) for field in fields
        )

    def is_built_in(self, fields: Iterable[str]) -> bool:
        """Whether nobody wrote any of these fields."""
        return not self.origins or all(self.origin(field) == BUILT_IN for field in fields)

    def origin(self, field: str) -> str:
        """Where a field is written."""
        return self._origins.get(field, BUILT_IN) if self.origins else BUILT_IN

    @cached_property
    def _origins(self) -> dict[str, str]:
        return dict(self.origins)


SETTINGS: dict[str, tuple[str, ...]] = {
    "off": ("off",),
    "trusted": ("registry", "trusted"),
    "trust_signed_in": ("registry", "signed_in"),
    "unsigned": ("signature", "unsigned"),
    "unverified": ("signature", "unverified"),
    "signers": ("signature", "signers"),
    "scan_fail_on": ("scan", "fail_on"),
    "scan_warn_on": ("scan", "warn_on"),
    "scan_unfixed": ("scan", "unfixed"),
    "scan_missing": ("scan", "missing"),
    "scan_max_age": ("scan", "max_age"),
    "base_outdated": ("base", "outdated"),
    "base_grace": ("base", "grace"),
    "base_end_of_life": ("base", "end_of_life"),
    "moved": ("identity", "moved"),
    "mixed": ("identity", "mixed"),
    "gone": ("identity", "gone"),
    "impostor": ("identity", "impostor"),
    "warn_age": ("age", "warn"),
    "max_age": ("age", "max"),
    "admission_deny": ("admission", "deny"),
    "admission_warn": ("admission", "warn"),
    "admission_dryrun": ("admission", "dryrun"),
}
"""Where the policy file writes each field of the rules."""


def settings_of(check: CheckName) -> tuple[str, ...]:
    """The fields that the table of a check has: the table bears its name."""
    return tuple(field for field, place in SETTINGS.items() if place[0] == check)


def shown(value: object) -> str:
    """A value of a rule as a policy writes it, without quotes."""
    if isinstance(value, tuple):
        return ", ".join(map(shown, value)) or "none"
    if isinstance(value, Pattern):
        return value.text
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else str(value)

"""What came of trying to read something, for `doctor`."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from tui.domain.facts.health import is_refusal
from tui.errors import Forbidden, TrustreeError

__all__ = ["Diagnosis", "Tried", "diagnosis_of"]


class Tried(StrEnum):
    """How it went. DENIED: who asks is not known or not allowed to; OFF: it was not tried, and that is no fault."""

    OK = "ok"
    DENIED = "denied"
    FAILED = "failed"
    OFF = "off"


class Diagnosis(msgspec.Struct, frozen=True):
    """One line of `doctor`: a thing tried, how it went, the missing right and the next step.

    `identity` is who turned out to be signed in, where it was the sign-in that was tried.
    """

    what: str
    state: Tried
    detail: str = ""
    right: str = ""
    remedy: str = ""
    identity: str = ""


def diagnosis_of(what: str, error: TrustreeError) -> Diagnosis:
    """Something that an error kept from being read."""
    right = error.right if isinstance(error, Forbidden) else ""
    return Diagnosis(what, Tried.DENIED if is_refusal(error) else Tried.FAILED, error.headline, right, error.remedy)

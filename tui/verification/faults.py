"""How a check fails: a stated reason, or one of a closed list of exceptions that counts as a failure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509 import AttributeNotFound, DuplicateExtension, ExtensionNotFound, InvalidVersion

from tui.domain.common.text import clean
from tui.domain.facts.signature import Reason
from tui.errors import UntrustedPayload

__all__ = ["EXPECTED", "REFUSED", "CheckFailed", "Malformed", "guarded", "said"]

T = TypeVar("T")

# What parsers and cryptography raise on hostile input. A check that meets one of these has failed; anything
# else is a fault of ours and must be seen as such.
EXPECTED: tuple[type[Exception], ...] = (
    ValueError,  # includes UnicodeError, json errors, binascii.Error, asn1crypto's and most of cryptography's
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,  # asn1crypto walking a value of another type
    RecursionError,
    NotImplementedError,
    Warning,  # where warnings are errors, what a parser finds odd is refused
    re.error,  # an identity pattern of the policy that is no pattern
    InvalidSignature,
    UnsupportedAlgorithm,
    InvalidVersion,
    DuplicateExtension,
    ExtensionNotFound,
    AttributeNotFound,
)


# What readers of our own, and keys of cryptography, raise for what an envelope holds: nothing else may hide a fault of ours.
REFUSED: tuple[type[Exception], ...] = (ValueError, InvalidSignature, UnsupportedAlgorithm)


class Malformed(ValueError):
    """Something from outside is not in its form; the text is for the operator."""


class CheckFailed(UntrustedPayload):
    """A check did not hold; `reason` is its code, the headline a sentence for the operator.

    `unknown` marks a check that could not be decided, as opposed to one that was decided against the signature.
    """

    def __init__(self, headline: str, reason: Reason, *, unknown: bool = False) -> None:
        super().__init__(clean(headline, 300))
        self.reason = reason
        self.unknown = unknown


def said(error: Exception) -> str:
    """What went wrong in a few clean words: our own, never those of a library or the name of an exception."""
    match error:
        case Malformed() | CheckFailed():
            return clean(str(error), 160)
        case InvalidSignature():
            return "the signature does not match"
        case UnicodeError():
            return "it holds text in another encoding than it should"
        case _:
            return "it is not in its form"


def guarded(check: Callable[[], T], what: str, reason: Reason) -> T:
    """Run a check of notation so that it either holds or fails closed: its readers raise ValueError, keys what REFUSED names.

    Raises CheckFailed with `what` and the exception's words.
    """
    try:
        return check()
    except CheckFailed:
        raise
    except REFUSED as error:
        raise CheckFailed(f"{what}: {said(error)}", reason) from error

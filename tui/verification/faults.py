"""How a check fails: a stated reason, or one of a short list of exceptions that counts as a failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509 import AttributeNotFound, DuplicateExtension, ExtensionNotFound, InvalidVersion, UnsupportedGeneralNameType

from tui.domain.common.text import clean
from tui.domain.facts.signature import Reason
from tui.errors import UntrustedPayload

__all__ = ["REFUSED", "CheckFailed", "Malformed", "guarded", "parsed", "said"]

T = TypeVar("T")

# What the parsers of other packages raise on hostile input; looked for around single calls of them (`parsed`), nowhere else.
_PARSERS: tuple[type[Exception], ...] = (
    ValueError,  # includes UnicodeError, binascii.Error, pydantic's and most of cryptography's
    TypeError,
    LookupError,
    ArithmeticError,
    OSError,  # a time that the system's clock cannot hold
    AttributeError,
    RecursionError,
    NotImplementedError,
    Warning,  # where warnings are errors, what a parser finds odd is refused
    UnsupportedAlgorithm,
    InvalidVersion,
    DuplicateExtension,
    ExtensionNotFound,
    AttributeNotFound,
    UnsupportedGeneralNameType,
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


def parsed(parse: Callable[[], T]) -> T:
    """What a single call of another package's parser gives for bytes from outside. Raises Malformed."""
    try:
        return parse()
    except _PARSERS as error:
        raise Malformed("it is not in its form") from error


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


def guarded(check: Callable[[], T], subject: str, reason: Reason) -> T:
    """Run a check of notation so that it either holds or fails closed: its readers raise ValueError, keys what REFUSED names.

    Raises CheckFailed with `subject` and the exception's words.
    """
    try:
        return check()
    except CheckFailed:
        raise
    except REFUSED as error:
        raise CheckFailed(f"{subject}: {said(error)}", reason) from error

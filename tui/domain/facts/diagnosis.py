"""What came of trying to read something, for `doctor`."""

from __future__ import annotations

import msgspec

__all__ = ["Diagnosis"]


class Diagnosis(msgspec.Struct, frozen=True):
    """One line of `doctor`: a thing tried, how it went (`ok`, `denied`, `failed`), the missing right and the next step.

    `identity` is who turned out to be signed in, where it was the sign-in that was tried.
    """

    what: str
    state: str
    detail: str = ""
    right: str = ""
    remedy: str = ""
    identity: str = ""

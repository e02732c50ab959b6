"""What is kept of a checked time stamp, so that a cached result needs no parser."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from tui.verification.pkix.moment import Moment, shifted

__all__ = ["Token"]


class Token(msgspec.Struct, frozen=True):
    """A token whose signature, imprint and signed attributes hold; whether its authority is trusted is for the policy.

    `signer` is the DER of the stamping certificate, `certificates` all that the token carries; `accuracy` in microseconds.
    """

    moment: Moment
    accuracy: int
    authority: str
    signer: bytes
    certificates: tuple[bytes, ...]
    attribute_time: Moment | None = None

    @property
    def time(self) -> datetime:
        """The time that it says, for display."""
        return self.moment.whole

    @property
    def earliest(self) -> datetime:
        """The stamp cannot be from before this."""
        return shifted(self.moment.whole, -timedelta(microseconds=self.accuracy))

    @property
    def latest(self) -> datetime:
        """The stamp cannot be from after this."""
        return shifted(self.moment.after, timedelta(microseconds=self.accuracy))

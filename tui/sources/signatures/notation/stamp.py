"""What is kept of a checked time stamp; without asn1crypto, so that a cached result needs no parser."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

__all__ = ["Token"]


class Token(msgspec.Struct, frozen=True):
    """A token whose signature, imprint and signed attributes hold; whether its authority is trusted is for the policy.

    `signer` is the DER of the stamping certificate, `certificates` all that the token carries; `accuracy` in microseconds.
    """

    time: datetime
    accuracy: int
    authority: str
    signer: bytes
    certificates: tuple[bytes, ...]
    attribute_time: datetime | None = None

    @property
    def earliest(self) -> datetime:
        """The stamp cannot be from before this."""
        return self.time - timedelta(microseconds=self.accuracy)

    @property
    def latest(self) -> datetime:
        """The stamp cannot be from after this."""
        return self.time + timedelta(microseconds=self.accuracy)

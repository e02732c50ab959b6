"""Bases that the operator names for images that say nothing of theirs: the `[base]` table of the settings."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tui.domain.facts.image import Claim, ClaimKind, RepositoryName
from tui.domain.facts.patterns import Pattern

__all__ = ["SCRATCH", "ConfiguredBase", "configured_claims"]

SCRATCH = "scratch"
"""What is written for an image that stands on nothing."""


class ConfiguredBase(msgspec.Struct, frozen=True):
    """The images of these repositories stand on this base: a reference with tag, digest or both, or `SCRATCH`."""

    images: Pattern
    base: str


def configured_claims(name: RepositoryName, configured: Iterable[ConfiguredBase]) -> tuple[Claim, ...]:
    """What is configured for a repository: the one entry with the closest pattern that means it, or nothing."""
    closest = min(
        (entry for entry in configured if entry.images.matches(name)), key=lambda entry: entry.images.closeness, default=None
    )
    if closest is None:
        return ()
    scratch = closest.base == SCRATCH
    return (Claim(ClaimKind.CONFIGURED, "" if scratch else closest.base, scratch=scratch, source="settings"),)

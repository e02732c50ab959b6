"""What builders said, joined with images at once, without rounds."""

from __future__ import annotations

from collections.abc import Mapping

from tui.domain.builds.attribution import Builds, BuildsJoin
from tui.domain.facts.facts import BuildFacts
from tui.domain.snapshot.snapshot import Image, ImageKey

__all__ = ["builds_of"]


def builds_of(facts: BuildFacts, images: Mapping[ImageKey, Image]) -> Builds:
    """The jobs, the runs, and who builds which image."""
    joined = BuildsJoin()
    joined.renew(facts, images, images)
    return joined.builds

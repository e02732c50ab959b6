"""What the configuration says of a job: which images it builds."""

from __future__ import annotations

from tui.domain.facts.build import BuiltImage
from tui.domain.facts.image import RepositoryName
from tui.sources.builders.options import BuilderOptions, ConfiguredJob

__all__ = ["configured_images", "configured_job"]


def configured_job(options: BuilderOptions, job: str) -> ConfiguredJob | None:
    """The first pattern of images that names this job."""
    return next((pattern for pattern in options.jobs if pattern.job == job), None)


def configured_images(options: BuilderOptions, job: str) -> tuple[BuiltImage, ...]:
    """The repositories that the configuration names outright for a job; a pattern with a star names none."""
    patterns = (configured.images for configured in options.jobs if configured.job == job)
    names = (RepositoryName(pattern.host, "/".join(pattern.parts)) for pattern in patterns if _is_plain(pattern.text))
    return tuple(BuiltImage(name) for name in names if name.repository)


def _is_plain(text: str) -> bool:
    return "*" not in text

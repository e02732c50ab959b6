"""What the labels and annotations of an image say of who built it.

Sources: OCI image-spec annotations.md (`source`, `url`, `revision`); label-schema.org; docker/metadata-action; the Docker task of
Azure Pipelines, which begins its names with `com.azure.dev`, or with the old host's name turned round, `com.visualstudio.ORG`.
Labels are inherited through FROM: what a base says too says nothing of what is built on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from tui.domain.builds.places import SYSTEM, build_place, source_repository
from tui.domain.common.text import clean
from tui.domain.facts.build import BuilderKind
from tui.domain.facts.build_claim import BuildClaim, ClaimedBy

__all__ = ["label_claims"]

_SOURCES = ("org.opencontainers.image.source", "org.label-schema.vcs-url", "org.opencontainers.image.url")
_REVISIONS = ("org.opencontainers.image.revision", "org.label-schema.vcs-ref")
_HOMEPAGES = frozenset({"org.opencontainers.image.url"})
_AZURE = frozenset(
    {
        "system.teamfoundationcollectionuri",
        "system.teamproject",
        "build.definitionname",
        "build.definitionid",
        "build.builduri",
        "build.buildid",
        "build.repository.uri",
        "build.sourceversion",
        "release.releaseweburl",
    }
)
_FORMS = ("/_build", "/actions/runs/", "/actions/workflows/", "/.github/workflows/", "/job/", "/-/")


class _Roles(NamedTuple):
    """Which names of a set of labels say something: those of Azure Pipelines by their parts, of sources and of revisions."""

    azure: tuple[tuple[str, str], ...]
    sources: tuple[str, ...]
    revisions: tuple[str, ...]


def label_claims(values: Mapping[str, str], by: ClaimedBy) -> tuple[BuildClaim, ...]:
    """What labels, or annotations, say: the most telling first, each thing once."""
    roles = _roles(tuple(values))
    addresses = [name for name, text in values.items() if "://" in text and any(form in text for form in _FORMS)]
    if not (addresses or roles.azure or roles.sources):
        return ()
    revision = next((clean(values[name], 64) for name in roles.revisions if values[name]), "")
    claims = [*_azure(values, roles.azure, by), *_addresses(values, addresses, by, revision)]
    claims += _sources(values, roles.sources, by, revision)
    return tuple(dict.fromkeys(claims)) if len(claims) > 1 else tuple(claims)


@lru_cache(maxsize=4096)
def _roles(names: tuple[str, ...]) -> _Roles:
    """Read once: images of one company have labels of the same names."""
    azure = tuple((part, name) for name in names if (part := _azure_part(name)))
    return _Roles(azure, tuple(filter(names.__contains__, _SOURCES)), tuple(filter(names.__contains__, _REVISIONS)))


def _azure_part(name: str) -> str:
    """`build.definitionname` of `com.azure.dev.image.build.definitionname`; empty for other names."""
    part = name.lower().rpartition(".image.")[2]
    return part if part in _AZURE else ""


def _azure(values: Mapping[str, str], names: tuple[tuple[str, str], ...], by: ClaimedBy) -> Iterator[BuildClaim]:
    parts = {part: (name, text) for part, name in names if (text := values[name].strip())}
    if not parts:
        return

    def text_of(part: str) -> str:
        return clean(parts[part][1], 300) if part in parts else ""

    project, definition = text_of("system.teamproject"), text_of("build.definitionname")
    number, place = text_of("build.definitionid"), build_place(text_of("build.builduri"))
    run = (place.run if place is not None else "") or text_of("build.buildid")
    telling = next(name for name in ("build.definitionname", "build.builduri", "release.releaseweburl", *parts) if name in parts)
    yield BuildClaim(
        by,
        clean(parts[telling][0], 120),
        BuilderKind.AZURE_PIPELINES,
        SYSTEM[BuilderKind.AZURE_PIPELINES],
        host=source_repository(text_of("system.teamfoundationcollectionuri")),
        job=f"{project}/{number}" if project and number.isdigit() else "",
        title=f"{project}/{definition}" if project and definition else "",
        run=run if run.isdigit() else "",
        repository=source_repository(text_of("build.repository.uri")),
        revision=text_of("build.sourceversion")[:64],
    )


def _addresses(values: Mapping[str, str], names: list[str], by: ClaimedBy, revision: str) -> Iterator[BuildClaim]:
    """Addresses of jobs and runs, whatever the label is called: their forms are like nothing else."""
    for name in names:
        place = build_place(values[name])
        if place is not None and (place.job or place.run) and not _azure_part(name):
            yield BuildClaim(
                by,
                clean(name, 120),
                place.kind,
                place.system,
                place.host,
                place.job,
                run=place.run,
                repository=place.repository,
                revision=revision,
            )


def _sources(values: Mapping[str, str], names: tuple[str, ...], by: ClaimedBy, revision: str) -> Iterator[BuildClaim]:
    """Where the source lies. The page of a project is that only where another label of it does not say better."""
    for name in names:
        repository = source_repository(values[name]) if values[name] else ""
        if repository and (name not in _HOMEPAGES or repository.startswith("github.com/")):
            yield BuildClaim(by, name, repository=repository, revision=revision)
            return

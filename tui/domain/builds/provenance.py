"""Who built an image, as its provenance tells.

Sources: SLSA provenance v0.2 and v1; the build types of GitHub Actions (`externalParameters.workflow`), of slsa-github-generator
(`configSource`), of BuildKit (`builder.id` is the run's address where its action made it) and of Tekton Chains. `builder.id` may
name a workflow of others that was called: what was asked for stands in the parameters.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tui.domain.builds.places import SYSTEM, BuildPlace, build_place, source_repository, workflow_job
from tui.domain.common.text import clean
from tui.domain.facts.build import BuilderKind
from tui.domain.facts.build_claim import BuildClaim, ClaimedBy
from tui.domain.lineage.evidence import decode
from tui.errors import UntrustedPayload

__all__ = ["builder_claims"]

_BUILDKIT = "https://mobyproject.org/buildkit@v1#metadata"
_NO_BUILDER = ("", "https://mobyproject.org/buildkit", "https://github.com/moby/buildkit")


class _Definition(msgspec.Struct, rename="camel"):
    build_type: object = None
    external_parameters: object = None
    internal_parameters: object = None


class _RunDetails(msgspec.Struct):
    builder: object = None
    metadata: object = None


class _Predicate(msgspec.Struct, rename="camel"):
    """Both versions at once: their members have different names."""

    builder: object = None
    invocation: object = None
    metadata: object = None
    build_definition: _Definition | None = None
    run_details: _RunDetails | None = None


class _Statement(msgspec.Struct, rename="camel"):
    predicate_type: str = ""
    predicate: _Predicate = msgspec.field(default_factory=_Predicate)


def builder_claims(statement: bytes) -> tuple[BuildClaim, ...]:
    """What an in-toto statement with SLSA provenance says of who built the image: one claim, or none. Never raises."""
    try:
        parsed = decode(statement, _Statement, "The provenance")
    except UntrustedPayload:
        return ()
    if not parsed.predicate_type.startswith("https://slsa.dev/provenance/"):
        return ()
    claim = _claim(parsed.predicate)
    return (claim,) if claim.names_builder or claim.repository else ()


def _claim(predicate: _Predicate) -> BuildClaim:
    repository, path, revision = _workflow(predicate)
    job = workflow_job(repository, path)
    builder = _text(_details(predicate).builder, "id")
    places = [place for text in (builder, *_runs(predicate)) if (place := build_place(text)) is not None]
    place = _combined(places, repository)
    kind = BuilderKind.GITHUB_ACTIONS if job else place.kind
    return BuildClaim(
        ClaimedBy.PROVENANCE,
        kind=kind,
        system=SYSTEM[kind] if kind is not None else place.system or _unknown_system(builder),
        host=repository.partition("/")[0] if job else place.host,
        job=job or place.job,
        run=place.run or _run_id(predicate, kind),
        repository=repository or place.repository,
        revision=revision,
    )


def _details(predicate: _Predicate) -> _RunDetails:
    return predicate.run_details or _RunDetails(predicate.builder, predicate.metadata)


def _combined(places: list[BuildPlace], repository: str) -> BuildPlace:
    """What several addresses tell together; a job in another repository than the source's is a workflow that was called."""
    kind = next((place.kind for place in places if place.kind is not None), None)
    alike = [place for place in places if place.kind is kind]
    own = [place for place in alike if not (repository and place.repository) or _same(place.repository, repository)]

    def first(name: str, among: list[BuildPlace]) -> str:
        return next((text for place in among if (text := str(getattr(place, name)))), "")

    return BuildPlace(
        kind, first("system", alike), first("host", own), first("job", own), first("run", own), first("repository", own)
    )


def _same(repository: str, other: str) -> bool:
    return repository.lower() == other.lower()


def _workflow(predicate: _Predicate) -> tuple[str, str, str]:
    """Repository, path and commit of what was asked for."""
    definition = predicate.build_definition
    if definition is not None:
        external, workflow = definition.external_parameters, _at(definition.external_parameters, "workflow")
        source = _at(external, "configSource") or _at(external, "source")
        repository = source_repository(_text(workflow, "repository") or _text(source, "uri") or _text(source, "repository"))
        return repository or _vcs(predicate), _text(workflow, "path") or _text(source, "path"), _commit(source)
    source = _at(predicate.invocation, "configSource")
    repository = source_repository(_text(source, "uri"))
    return repository or _vcs(predicate), _text(source, "entryPoint"), _commit(source)


def _vcs(predicate: _Predicate) -> str:
    """The repository that BuildKit found its context in."""
    metadata = _details(predicate).metadata
    buildkit = _at(metadata, _BUILDKIT) or _at(metadata, "buildkit_metadata")
    return source_repository(_text(_at(buildkit, "vcs"), "source"))


def _commit(source: object) -> str:
    digest = _at(source, "digest")
    return clean(_text(digest, "gitCommit") or _text(digest, "sha1"), 64)


def _runs(predicate: _Predicate) -> Iterator[str]:
    """Where the run itself may be named by its address."""
    metadata = _details(predicate).metadata
    for name in ("invocationId", "invocationID", "buildInvocationId", "buildInvocationID"):
        yield _text(metadata, name)


def _run_id(predicate: _Predicate, kind: BuilderKind | None) -> str:
    """The id of a run of GitHub, where only its environment tells it."""
    environment = _at(predicate.invocation, "environment")
    run = _text(environment, "github_run_id") or _text(environment, "GITHUB_RUN_ID")
    return run if kind is BuilderKind.GITHUB_ACTIONS and run.isdigit() and len(run) <= 20 else ""


def _unknown_system(builder: str) -> str:
    return "" if builder in _NO_BUILDER else clean(builder, 120)


def _at(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _text(value: object, name: str) -> str:
    member = _at(value, name)
    return member.strip() if isinstance(member, str) else ""

"""What the health of the sources means for the facts: who does not answer, who is signed in, whether all has been read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from tui.domain.common.text import full_stop
from tui.domain.facts.events import Denial, Ownership, SourceHealth, SourceId, SourceKind, SourceState
from tui.domain.facts.workload import Resource

__all__ = [
    "Hearing",
    "RegistrySession",
    "clusters_heard",
    "is_complete",
    "is_of_nodes",
    "lost_sources",
    "nodes_refused",
    "registry_sessions",
    "signatures_lost",
    "unsurveyed_registries",
]


def lost_sources(health: Mapping[SourceId, SourceHealth], kind: SourceKind) -> dict[SourceId, str]:
    """The sources of a kind that cannot be read, with a sentence that says since when and why."""
    return {
        source: _lost(source_health)
        for source, source_health in health.items()
        if source_health.kind is kind and source_health.state is SourceState.FAILED
    }


def unsurveyed_registries(health: Mapping[SourceId, SourceHealth]) -> frozenset[str]:
    """The registries that nobody asked for more than what runs."""
    return frozenset(source.name for source, source_health in health.items() if not source_health.surveyed)


def _lost(health: SourceHealth) -> str:
    name = health.id.label
    if health.stale:
        return full_stop(f"{name}: {health.error}")
    since = f" has not been read since {health.as_of:%Y-%m-%d %H:%M} UTC" if health.as_of is not None else " cannot be read"
    return full_stop(f"{name}{since}{f': {health.error}' if health.error else ''}")


class Hearing(StrEnum):
    """How much clusters told of what they run."""

    NOTHING = "nothing"
    PART = "part"
    WHOLE = "whole"


def clusters_heard(sources: Iterable[SourceHealth]) -> Hearing:
    """Whether every cluster that is asked has told all that it runs, some of it, or none has told anything yet."""
    states = [_heard(source) for source in sources if source.kind is SourceKind.CLUSTER and source.state is not SourceState.OFF]
    if not states or all(state is Hearing.NOTHING for state in states):
        return Hearing.NOTHING
    return Hearing.WHOLE if all(state is Hearing.WHOLE for state in states) else Hearing.PART


def _heard(health: SourceHealth) -> Hearing:
    match health.state:
        case SourceState.OK:
            return Hearing.WHOLE
        case SourceState.PARTIAL:
            # What nodes are like says nothing about what runs.
            about_nodes = bool(health.denials) and all(_names_nodes(denial) for denial in health.denials)
            return Hearing.WHOLE if about_nodes else Hearing.PART
        case SourceState.LOADING:
            return Hearing.PART if health.objects else Hearing.NOTHING
        case SourceState.FAILED | SourceState.OFF:
            return Hearing.NOTHING


def _names_nodes(denial: Denial) -> bool:
    return denial.what.partition(" in ")[0] == Resource.NODES


def is_of_nodes(denial: Denial) -> bool:
    """Whether it is the right to read nodes that is missing, which few questions need."""
    return bool(denial.right) and _names_nodes(denial)


def nodes_refused(health: Mapping[SourceId, SourceHealth]) -> bool:
    """Whether the nodes of a cluster that is asked may not be read."""
    clusters = (source for source in health.values() if source.kind is SourceKind.CLUSTER and source.state is not SourceState.OFF)
    return any(is_of_nodes(denial) for source in clusters for denial in source.denials)


def signatures_lost(health: Mapping[SourceId, SourceHealth]) -> str:
    """Why no signatures are looked for, in a sentence; empty while a source looks for them."""
    verifiers = [source for source in health.values() if source.kind is SourceKind.SIGNATURES]
    if not verifiers:
        return "No source of signatures is set up."
    idle = [source for source in verifiers if source.state in (SourceState.FAILED, SourceState.OFF)]
    return f"Signatures are not verified: {idle[0].error or idle[0].state}." if len(idle) == len(verifiers) else ""


def is_complete(health: Mapping[SourceId, SourceHealth]) -> bool:
    """Whether every source that is asked has answered whole. What the configuration turns off is not asked.

    Builders answer no question that images are judged by: what hangs on them says so itself.
    """
    sources = [
        source for source in health.values() if source.state is not SourceState.OFF and source.kind is not SourceKind.BUILDER
    ]
    facts = any(source.kind is not SourceKind.POLICY for source in sources)
    return facts and all(source.state is SourceState.OK for source in sources)


class RegistrySession(msgspec.Struct, frozen=True):
    """Whose a registry that answers is, and who is signed in to it: `identity`, empty for nobody.

    `certain` tells that nobody will be either: it answers strangers, or is not asked (`off`). `refused` says why a sign-in that
    was to be did not work.
    """

    identity: str = ""
    ownership: Ownership = Ownership()
    certain: bool = False
    refused: str = ""
    off: bool = False


def registry_sessions(health: Mapping[SourceId, SourceHealth]) -> dict[str, RegistrySession]:
    """The registries of which it is known who is signed in, by their hosts; one that is lost is not among them."""
    registries = (
        source for source in health.values() if source.kind is SourceKind.REGISTRY and source.state is not SourceState.FAILED
    )
    return {source.id.name: _session(source) for source in registries}


def _session(health: SourceHealth) -> RegistrySession:
    certain = health.state is not SourceState.LOADING
    off = health.state is SourceState.OFF
    return RegistrySession(health.identity, health.ownership, certain, health.sign_in_error, off)

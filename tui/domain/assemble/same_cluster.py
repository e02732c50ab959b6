"""Clusters are what they are, not what contexts call them: one that two contexts name is counted once.

A source tells by what its cluster is known: its address with what is trusted there, and the uid of `kube-system`, which never
changes in the life of a cluster. Of several sources of one cluster that which reads most of it counts; the others are off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from tui.domain.common.text import full_stop
from tui.domain.facts.events import SourceHealth, SourceId, SourceKind, SourceState
from tui.domain.facts.facts import ClusterFacts, Facts, TrustFacts

__all__ = ["doubles", "without_doubles"]

_RANK = {SourceState.OK: 0, SourceState.PARTIAL: 1, SourceState.LOADING: 2, SourceState.FAILED: 3, SourceState.OFF: 4}


def doubles(health: Mapping[SourceId, SourceHealth]) -> dict[SourceId, SourceId]:
    """The sources of clusters that another source reads as well, each with that other."""
    clusters = sorted(
        (source_health for source_health in health.values() if source_health.kind is SourceKind.CLUSTER), key=_preference
    )
    chosen: dict[str, SourceId] = {}
    twice: dict[SourceId, SourceId] = {}
    for source_health in clusters:
        first = next((chosen[identity] for identity in source_health.known_by if identity in chosen), None)
        if first is not None:
            twice[source_health.id] = first
        for identity in source_health.known_by:
            chosen.setdefault(identity, first or source_health.id)
    return twice


def without_doubles(facts: Facts) -> Facts:
    """The facts with each cluster once; the very same where no cluster is read twice."""
    twice = doubles(facts.health)
    if not twice:
        return facts
    carried = {source: source_health.through for source, source_health in facts.health.items() if source_health.through in twice}
    unread = frozenset((*twice, *carried))
    off = {name: _off(facts.health[name], facts.health[twice.get(name) or twice[carried[name]]]) for name in unread}
    return replace(
        facts, cluster=_clusters(facts.cluster, unread), health={**facts.health, **off}, trust=_trust(facts.trust, unread)
    )


def _preference(health: SourceHealth) -> tuple[int, SourceId]:
    return _RANK[health.state], health.id


def _off(health: SourceHealth, first: SourceHealth) -> SourceHealth:
    """A source that is not read, with what is wrong with it: it was asked for, and that another is read hides nothing.

    Where the other reads only a part of the cluster, this one might have read the rest: then its failure counts.
    """
    name = first.id.name
    failed = health.state is SourceState.FAILED
    lost = health.kind is SourceKind.CLUSTER and (failed or bool(health.lost_scopes))
    if failed and lost and first.state is not SourceState.OK:
        return health
    same = f"It is the same cluster as {name}, which is read already."
    reasons = [health.error] if failed else [reason for _, reason in health.lost_scopes[:1]]
    return msgspec.structs.replace(
        health,
        state=SourceState.OFF,
        live=False,
        lost=lost,
        error=" ".join((*map(full_stop, reasons), same)) if lost else same,
        remedy=(health.remedy if lost else "") or "Name one of the two contexts with --context.",
        progress=(),
        denials=(),
    )


def _clusters(facts: ClusterFacts, unread: frozenset[SourceId]) -> ClusterFacts:
    return ClusterFacts(
        # What follows from a version is kept: it is another one when something else is left out.
        version=hash((facts.version, unread)),
        pods={source: pods for source, pods in facts.pods.items() if source not in unread},
        controllers={source: controllers for source, controllers in facts.controllers.items() if source not in unread},
        nodes={source: nodes for source, nodes in facts.nodes.items() if source not in unread},
    )


def _trust(facts: TrustFacts, unread: frozenset[SourceId]) -> TrustFacts:
    if unread.isdisjoint(facts.scans):
        return facts
    scans = {source: reports for source, reports in facts.scans.items() if source not in unread}
    return replace(facts, version=hash((facts.version, unread)), scans=scans)

"""The one rule of age: a fact is as old as the last answer that could have changed it, and past its limit it is not known.

Sources tell when all that they said was confirmed last (`SourceHealth.as_of`); registries tell for each manifest when what is
attached to it was listed last. What is older than its limit is taken as lost here, before anything is judged, so that every
check, view, count and report says the same. `due` is when the next limit passes: nobody needs to say anything for that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from tui.domain.facts.events import ReferrersListed, SignaturesVerified, SourceHealth, SourceId, SourceKind, SourceState
from tui.domain.facts.facts import Facts, TrustFacts
from tui.domain.facts.image import RepositoryName

__all__ = ["Freshness", "Limits", "confirmed_sources"]

_GRACE = 2.5
"""A source that is asked every so often is late when it has not answered for so many times as long."""
_ASKED = frozenset({SourceState.OK, SourceState.PARTIAL, SourceState.LOADING})
_AGAIN = "It is asked again by itself; R asks at once."


class Limits(msgspec.Struct, frozen=True):
    """Seconds after which something counts as not known, unless it was confirmed."""

    cluster: int = 60
    registry: int = 60
    signature: int = 900
    scan: int = 1800
    admission: int = 300

    def of(self, health: SourceHealth) -> timedelta | None:
        """How old the word of a source may be; None for one that nobody can ask again."""
        kinds = {
            SourceKind.CLUSTER: self.cluster,
            SourceKind.REGISTRY: self.registry,
            SourceKind.SCANNER: self.scan,
            SourceKind.ADMISSION: self.admission,
        }
        seconds = kinds.get(health.kind)
        return None if seconds is None or not health.every else timedelta(seconds=max(seconds, _GRACE * health.every))


class Freshness:
    """Takes what is too old as lost; keeps what it made, so that what did not change stays the very same."""

    def __init__(self) -> None:
        self.due: datetime | None = None
        self._subjects: tuple[int, list[tuple[datetime, RepositoryName, str]]] = (-1, [])
        self._made: tuple[object, TrustFacts] | None = None

    def of(self, facts: Facts, limits: Limits, now: datetime) -> Facts:
        """The facts as far as they count now."""
        health = confirmed_sources(facts.health, limits, now)
        searched = self._searched(facts)
        limit = timedelta(seconds=limits.signature)
        late = frozenset((name, subject) for at, name, subject in searched if now - at >= limit)
        ends = [*_ends(facts.health, limits), *(at + limit for at, _, _ in searched)]
        self.due = min((end for end in ends if end > now), default=None)
        return replace(facts, health=health, trust=self._trust(facts, health, late))

    def _searched(self, facts: Facts) -> list[tuple[datetime, RepositoryName, str]]:
        """When what is attached to each manifest with signatures was listed last."""
        version, found = self._subjects
        if version != facts.images.version:
            listed = facts.images.referrers
            found = [(each.at, name, subject) for name, subjects in listed.items() for subject, each in subjects.items()]
            self._subjects = facts.images.version, found
        return found

    def _trust(
        self, facts: Facts, health: Mapping[SourceId, SourceHealth], late: frozenset[tuple[RepositoryName, str]]
    ) -> TrustFacts:
        lost = {
            each.id.name: each
            for each in health.values()
            if each.kind is SourceKind.REGISTRY and each.state is SourceState.FAILED
        }
        at = facts.trust.version, late, tuple(sorted((host, each.as_of) for host, each in lost.items()))
        if self._made is not None and self._made[0] == at:
            return self._made[1]
        made = facts.trust
        if late or lost:
            signatures = {
                name: {
                    subject: _unconfirmed(found, facts.images.referrers.get(name, {}).get(subject), lost.get(name.registry))
                    if (name, subject) in late or name.registry in lost
                    else found
                    for subject, found in subjects.items()
                }
                for name, subjects in made.signatures.items()
            }
            made = replace(made, signatures=signatures)
        self._made = at, made
        return made


def confirmed_sources(health: Mapping[SourceId, SourceHealth], limits: Limits, now: datetime) -> dict[SourceId, SourceHealth]:
    """The sources, those as failed that have not confirmed what they said for too long, or that read by one that is lost."""
    found = {source: _judged(each, limits, now) for source, each in health.items()}
    carriers = {source: found.get(each.through) if each.through is not None else None for source, each in found.items()}
    return {source: _carried(each, carriers[source]) for source, each in found.items()}


def _ends(health: Mapping[SourceId, SourceHealth], limits: Limits) -> Iterator[datetime]:
    for each in health.values():
        limit = limits.of(each)
        if limit is not None and each.as_of is not None and each.state in _ASKED:
            yield each.as_of + limit


def _judged(health: SourceHealth, limits: Limits, now: datetime) -> SourceHealth:
    limit = limits.of(health)
    if limit is None or health.as_of is None or health.state not in _ASKED or now - health.as_of < limit:
        return health
    why = health.error or next((denial.reason for denial in health.denials if denial.reason), "")
    error = f"Not confirmed since {_clock(health.as_of)}: {why or 'no answer has come that could have changed it.'}"
    return msgspec.structs.replace(
        health, state=SourceState.FAILED, live=False, stale=True, error=error, remedy=health.remedy or _AGAIN
    )


def _carried(health: SourceHealth, carrier: SourceHealth | None) -> SourceHealth:
    if carrier is None or carrier.state is not SourceState.FAILED or health.state not in _ASKED:
        return health
    name = carrier.id.name
    since = f"Not confirmed since {_clock(carrier.as_of)}: " if carrier.as_of is not None else ""
    error = f"{since}it is read through {name}, which does not answer. {carrier.error}"
    return msgspec.structs.replace(
        health, state=SourceState.FAILED, live=False, stale=True, error=error.strip(), remedy=carrier.remedy
    )


def _unconfirmed(found: SignaturesVerified, listed: ReferrersListed | None, registry: SourceHealth | None) -> SignaturesVerified:
    """What was found, as nobody knows whether it is still there."""
    at = listed.at if listed is not None else found.at
    why = "what is attached to it could not be listed again"
    if registry is not None:
        why = f"{found.name.registry} does not answer{f': {registry.error}' if registry.error else ''}"
    return msgspec.structs.replace(found, outcomes=(), error=f"not confirmed since {_clock(at)}: {why.removesuffix('.')}.")


def _clock(at: datetime) -> str:
    return f"{at:%H:%M} UTC"

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
_AGAIN = "It is retried automatically; R retries now."


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


_Listing = tuple[datetime, RepositoryName, str]
"""When what is attached to a manifest of a repository was listed last."""


class Freshness:
    """Takes what is too old as lost; keeps what it made, so that what did not change stays the very same."""

    def __init__(self) -> None:
        self.due: datetime | None = None
        self._subjects: tuple[int, list[_Listing]] = (-1, [])
        self._made: tuple[object, TrustFacts] | None = None

    def of(self, facts: Facts, limits: Limits, now: datetime) -> Facts:
        """The facts as far as they count now."""
        health = confirmed_sources(facts.health, limits, now)
        searched = self._searched(facts)
        limit = timedelta(seconds=limits.signature)
        late = frozenset(listing for listing in searched if now - listing[0] >= limit)
        ends = [*_ends(facts.health, limits), *(listed + limit for listed, _, _ in searched)]
        self.due = min((end for end in ends if end > now), default=None)
        return replace(facts, health=health, trust=self._trust(facts, health, late))

    def _searched(self, facts: Facts) -> list[_Listing]:
        """When what is attached to each manifest with signatures was listed last."""
        version, searched = self._subjects
        if version != facts.images.version:
            listed = facts.images.referrers
            searched = [
                (referrers.at, name, subject) for name, subjects in listed.items() for subject, referrers in subjects.items()
            ]
            self._subjects = facts.images.version, searched
        return searched

    def _trust(self, facts: Facts, health: Mapping[SourceId, SourceHealth], late: frozenset[_Listing]) -> TrustFacts:
        lost = {
            source.id.name: source
            for source in health.values()
            if source.kind is SourceKind.REGISTRY and source.state is SourceState.FAILED
        }
        listings = tuple(listing for listing in self._searched(facts) if listing[1].registry in lost) if lost else ()
        reasons = tuple(sorted((host, source.error) for host, source in lost.items()))
        basis = facts.trust.version, late, listings, reasons
        if self._made is not None and self._made[0] == basis:
            return self._made[1]
        trust = facts.trust
        if late or lost:
            overdue = {(name, subject) for _, name, subject in late}
            signatures = {
                name: {
                    subject: _unconfirmed(verified, facts.images.referrers.get(name, {}).get(subject), lost.get(name.registry))
                    if (name, subject) in overdue or name.registry in lost
                    else verified
                    for subject, verified in subjects.items()
                }
                for name, subjects in trust.signatures.items()
            }
            trust = replace(trust, signatures=signatures)
        self._made = basis, trust
        return trust


def confirmed_sources(health: Mapping[SourceId, SourceHealth], limits: Limits, now: datetime) -> dict[SourceId, SourceHealth]:
    """The sources, those as failed that have not confirmed what they said for too long, or that read by one that is lost."""
    judged = {source: _judged(source_health, limits, now) for source, source_health in health.items()}
    carriers = {
        source: judged.get(source_health.through) if source_health.through is not None else None
        for source, source_health in judged.items()
    }
    return {source: _carried(source_health, carriers[source]) for source, source_health in judged.items()}


def _ends(health: Mapping[SourceId, SourceHealth], limits: Limits) -> Iterator[datetime]:
    for source in health.values():
        limit = limits.of(source)
        if limit is not None and source.as_of is not None and source.state in _ASKED:
            yield source.as_of + limit


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
    error = f"{since}it is read through {name}, which cannot be read. {carrier.error}"
    return msgspec.structs.replace(
        health, state=SourceState.FAILED, live=False, stale=True, error=error.strip(), remedy=carrier.remedy
    )


def _unconfirmed(
    verified: SignaturesVerified, listed: ReferrersListed | None, registry: SourceHealth | None
) -> SignaturesVerified:
    """What was found, as nobody knows whether it is still there."""
    confirmed = listed.at if listed is not None else verified.at
    why = "what is attached to it could not be listed again"
    if registry is not None:
        why = f"{verified.name.registry} cannot be read{f': {registry.error}' if registry.error else ''}"
    return msgspec.structs.replace(
        verified, outcomes=(), error=f"not confirmed since {_clock(confirmed)}: {why.removesuffix('.')}."
    )


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M} UTC"

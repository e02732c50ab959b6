"""Tables of what scanners, signature verification and clusters' gates said; the newest word on each thing counts."""

from __future__ import annotations

from datetime import datetime

from tui.domain.facts.events import ConstraintsListed, ScanGone, ScansCompleted, ScansSeen, SignaturesVerified, SourceId
from tui.domain.facts.facts import TrustFacts
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.inventory.newest import replaces
from tui.domain.facts.inventory.objects import ObjectTable
from tui.domain.facts.inventory.tables import NestedTable, Table
from tui.domain.facts.scan import ScanReport

__all__ = ["TrustTables"]


class TrustTables:
    """Scan reports by source and key, signatures by repository and digest, constraints by cluster."""

    def __init__(self) -> None:
        self._scans: dict[SourceId, ObjectTable[ScanReport]] = {}
        self._signatures: NestedTable[RepositoryName, str, SignaturesVerified] = NestedTable()
        self._constraints: Table[str, ConstraintsListed] = Table()

    def scans(self, event: ScansSeen) -> bool:
        """Reports were seen. Says whether anything changed."""
        table = self._scans.setdefault(event.source, ObjectTable())
        return table.see("", event.generation, ((report.key, report) for report in event.reports))

    def scans_completed(self, event: ScansCompleted) -> bool:
        """A cycle saw every report. Says whether anything was removed; a first, empty list changes that it is known."""
        new = event.source not in self._scans
        return self._scans.setdefault(event.source, ObjectTable()).complete("", event.generation) or new

    def scan_gone(self, event: ScanGone) -> bool:
        """A report was deleted. Says whether it was known."""
        return self._scans.setdefault(event.source, ObjectTable()).drop(event.key)

    def signatures(self, event: SignaturesVerified) -> bool:
        """A manifest was looked at. Says whether anything changed."""
        before = self._signatures.get(event.name, event.subject)
        return (before is None or replaces(event, before, _looked)) and self._signatures.put(event.name, event.subject, event)

    def constraints(self, event: ConstraintsListed) -> bool:
        """The constraints of a cluster. Says whether anything changed."""
        before = self._constraints.get(event.cluster)
        return (before is None or replaces(event, before, _listed)) and self._constraints.put(event.cluster, event)

    def freeze(self, version: int) -> TrustFacts:
        """The tables as they are now."""
        return TrustFacts(
            version=version,
            scans={source: table.freeze() for source, table in self._scans.items()},
            signatures=self._signatures.freeze(),
            constraints=self._constraints.freeze(),
        )


# Of two words at one moment, that which admits a fault counts: unknown must not look like fine.


def _looked(event: SignaturesVerified) -> tuple[datetime, bool, int]:
    return event.at, bool(event.error), len(event.outcomes)


def _listed(event: ConstraintsListed) -> tuple[datetime, bool, int]:
    return event.at, bool(event.error), len(event.constraints)

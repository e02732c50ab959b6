"""How far a query reaches: whether it can be answered by what runs, or asks about what lies in registries and nothing runs."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from tui.domain.common.trust import CheckName
from tui.domain.query.language import Key, Term, Trait

__all__ = ["Reach", "needs_tasks", "reach_of"]


class Reach(StrEnum):
    """What has to be read before a query is answered.

    RUNS: it finds nothing but what some workload has. REST: it asks for what no workload has. ANY: it may find either; what
    runs is its answer, unless nothing of that is found. LINEAGE: it asks what images stand on, where else they are or what mends
    them, which hangs on what lies in registries and nothing runs: newest builds, and bases that nothing names.
    """

    RUNS = "runs"
    ANY = "any"
    REST = "rest"
    LINEAGE = "lineage"

    @property
    def is_whole(self) -> bool:
        """Whether registries are read as a whole for it."""
        return self in (Reach.REST, Reach.LINEAGE)


_OF_WORKLOADS = frozenset({Key.NS, Key.CTX, Key.KIND, Key.TEAM, Key.DRIFT})
"""What only something that has a workload can have."""
_USES = frozenset({Trait.RUNNING, Trait.DECLARED, Trait.SCHEDULED, Trait.SCALED_TO_ZERO, Trait.ROLLBACK})
_OF_USES = _USES | {Trait.DRIFTED, Trait.STUCK, Trait.PINNED, Trait.SUSPENDED, Trait.MANAGED}
_OF_THE_REST = frozenset({Trait.UNUSED, Trait.ORPHAN, Trait.UNTAGGED, Trait.AT_RISK})
"""What is asked of registries as a whole: what may be deleted there."""
_OF_LINEAGE = frozenset({Key.BASE, Key.CVE, Key.PKG, Key.DIGEST})
_OF_PUSHES = frozenset({Key.REPO, Key.WORD, Key.DRIFT})
"""What is answered by who pushed what a name means now."""


def reach_of(terms: Iterable[Term]) -> Reach:
    """How far a query reaches; one without terms may find anything."""
    terms = tuple(terms)
    if any(map(_asks_for_lineage, terms)):
        return Reach.LINEAGE
    if any(map(_narrows_to_uses, terms)):
        return Reach.RUNS
    return Reach.REST if any(map(_asks_for_the_rest, terms)) else Reach.ANY


def needs_tasks(terms: Iterable[Term]) -> bool:
    """Whether a query is answered by what the tasks of registries do: what they delete, build and pushed."""
    terms = tuple(terms)
    return reach_of(terms).is_whole or any(map(_asks_for_tasks, terms))


def _asks_for_tasks(term: Term) -> bool:
    return term.key in _OF_PUSHES or (term.key is Key.IS and term.value in (Trait.AT_RISK, Trait.DRIFTED))


def _asks_for_lineage(term: Term) -> bool:
    return (
        term.key in _OF_LINEAGE
        or (term.key is Key.IS and term.value == Trait.OUTDATED)
        or (term.key is Key.CHECK and term.value.startswith(f"{CheckName.BASE}="))
    )


def _narrows_to_uses(term: Term) -> bool:
    if term.key is Key.IS and term.value == Trait.UNUSED:
        return term.negated
    return not term.negated and (term.key in _OF_WORKLOADS or (term.key is Key.IS and term.value in _OF_USES))


def _asks_for_the_rest(term: Term) -> bool:
    if term.key is not Key.IS:
        return False
    return term.value in (_USES if term.negated else _OF_THE_REST)

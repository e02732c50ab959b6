"""What a vulnerability means for the estate: whether it runs, where, what mends it, and whose it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import msgspec

from tui.domain.facts.scan import ImageVulnerability, Vex
from tui.domain.facts.workload import ObjectKey
from tui.domain.query.language import Key, Term
from tui.domain.query.vulnerabilities import names, package
from tui.domain.snapshot.snapshot import ImageKey, Snapshot
from tui.domain.workloads.counting import pods_found

__all__ = ["Exposure", "asked_for", "exposure"]


class Exposure(msgspec.Struct, frozen=True):
    """The answer to "do we run it, where, is there a fix, is it the base's?".

    `images` have it, `running` are those of them that run, in `workloads` with so many `pods`. `fixes` are the versions that
    mend it, by package. `bases` are the lowest bases that carry it, each with how many images have it from there; `own` counts
    images that have it of themselves, `unplaced` those of which that is not known. `rebuild` counts images that a rebuild on
    today's base rids of it, `later` those whose base is to be rebuilt first, `unsure` those of which nothing tells whether it
    would. `excused` are statements that it does not apply. `open` counts running images of which nobody can tell whether they
    have it.
    """

    images: tuple[ImageKey, ...] = ()
    running: tuple[ImageKey, ...] = ()
    workloads: tuple[ObjectKey, ...] = ()
    pods: int = 0
    fixes: tuple[tuple[str, str], ...] = ()
    bases: tuple[tuple[str, int], ...] = ()
    own: int = 0
    unplaced: int = 0
    rebuild: int = 0
    later: int = 0
    unsure: int = 0
    excused: tuple[Vex, ...] = ()
    open: int = 0


def exposure(snapshot: Snapshot, matches: Callable[[ImageVulnerability], bool]) -> Exposure:
    """What the vulnerabilities that match mean; `query_findings.names` makes a match of an identifier."""
    hits = {key: tuple(filter(matches, image.vulnerabilities)) for key, image in snapshot.images.items()}
    hits = {key: rows for key, rows in hits.items() if rows}
    running = tuple(sorted(key for key in hits if snapshot.users.get(key)))
    rows = [row for affecting in hits.values() for row in affecting]
    origins = [_origin(affecting) for affecting in hits.values()]
    bases = Counter(base for from_base, base in origins if from_base)
    return Exposure(
        images=tuple(sorted(hits)),
        running=running,
        workloads=tuple(sorted({user for key in running for user in snapshot.users[key]})),
        pods=pods_found(snapshot, frozenset(running), None),
        fixes=tuple(sorted({(row.package, row.fixed) for row in rows if row.fixed})),
        bases=tuple(bases.most_common()),
        own=sum(from_base is False for from_base, _ in origins),
        unplaced=sum(from_base is None for from_base, _ in origins),
        rebuild=sum(all(row.rebuild and len(row.route) < 2 for row in affecting) for affecting in hits.values()),
        later=sum(_is_later(affecting) for affecting in hits.values()),
        unsure=sum({row.rebuild for row in affecting} in ({None}, {None, True}) for affecting in hits.values()),
        excused=tuple(dict.fromkeys(row.vex for row in rows if row.vex is not None)),
        open=sum(1 for key in _open(snapshot) if key not in hits),
    )


def asked_for(terms: Iterable[Term]) -> tuple[str, Callable[[ImageVulnerability], bool]] | None:
    """The one vulnerability or package that the terms of a query name, and a match of it; None when they name none or several."""
    positive = [term for term in terms if term.key in (Key.CVE, Key.PKG) and not term.negated]
    if len(positive) != 1:
        return None
    [term] = positive
    return term.value, (names if term.key is Key.CVE else package)(term.value)


def _is_later(rows: tuple[ImageVulnerability, ...]) -> bool:
    """Whether a rebuild rids an image of it, but of a base before."""
    return all(row.rebuild for row in rows) and any(len(row.route) > 1 for row in rows)


def _origin(rows: tuple[ImageVulnerability, ...]) -> tuple[bool | None, str]:
    """Where an image has it from: of itself as soon as one of its packages is its own."""
    answers = {row.from_base for row in rows}
    if False in answers:
        return False, ""
    return (None, "") if None in answers else (True, max(row.base for row in rows))


def _open(snapshot: Snapshot) -> Iterator[ImageKey]:
    for key, image in snapshot.images.items():
        if snapshot.users.get(key) and (image.scan_gap or not image.scans):
            yield key

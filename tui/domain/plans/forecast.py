"""What a plan's rebuilds remove, what stays and why, and what nobody can tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

from tui.domain.facts.scan import ImageVulnerability
from tui.domain.plans.plan import Forecast, Staying
from tui.domain.snapshot.snapshot import BaseState, Image, ImageKey, Snapshot

__all__ = ["asked_for", "forecast", "why_staying"]

OWN = "own package"
NO_FIX = "no fix known"
NOT_YET = "base not fixed yet"
NO_STEP = "its rebuild is not in the plan, or cannot be carried out"
NOT_TOLD = "not known whether the newest base has it"
NOT_SCANNED = "not scanned"
OUTDATED_BASE = "outdated base"


def forecast(
    snapshot: Snapshot,
    covered: Mapping[ImageKey, ImageKey],
    cleared: Collection[ImageKey],
    behind: Collection[ImageKey] = (),
    *,
    query: str = "",
) -> Forecast:
    """What is to be expected of the images that a plan covers; `cleared` are those that it does rebuild, and
    `behind` those of them whose base is old itself all the same.

    What `query` asks for by its name comes first, then what has a fix: whoever reads shows no more than the first ones.
    What is there already and clean in another image counts by that one: by what it has, which is said to stay.
    """
    counts: Counter[_Fate] = Counter()
    fates = {True: _Fates(True), False: _Fates(False)}
    for old, new in covered.items():
        image, is_cleared = snapshot.images[old], new in cleared
        if new != old and not is_cleared:
            counts.update(_replaced(image, snapshot.images[new]))
            continue
        fates[is_cleared].add(image.vulnerabilities)
        for fate in _besides(image, is_cleared, new in behind):
            counts[fate] += 1
    for fates_of_rows in fates.values():
        fates_of_rows.count(counts)
    left = {finding for finding, reason, _ in counts if reason}
    removed = {finding for finding, reason, _ in counts if not reason} - left
    is_asked = asked_for(query)
    ordered = sorted(counts.items(), key=lambda item: (not is_asked(item[0][0]), item[0][1] == NO_FIX, item[0]))
    return Forecast(
        tuple(sorted(removed, key=lambda finding: (not is_asked(finding), finding))),
        _listed(ordered, known=True),
        _listed(ordered, known=False),
    )


def _listed(counts: Iterable[tuple[_Fate, int]], *, known: bool) -> tuple[Staying, ...]:
    return tuple(
        Staying(finding, images, reason) for (finding, reason, is_known), images in counts if reason and is_known is known
    )


_SHORTEST = 6
"""Fewer signs than these name no vulnerability: `22` is a version of a base, and stands in `CVE-2022-1` as well."""


def asked_for(query: str) -> Callable[[str], bool]:
    """Whether a query names a finding, or a part of its name."""
    words = re.split(r"[^\w.-]+", query.lower())
    names = [word for word in words if len(word) >= _SHORTEST and any(map(str.isdigit, word))]
    return lambda finding: any(name in finding.lower() for name in names)


_Fate = tuple[str, str, bool]
"""A finding, why it stays or cannot be told (empty: it goes), and whether that is known."""


_Rows = tuple[ImageVulnerability, ...]


class _Fates:
    """What becomes of the vulnerabilities of images, told once for each row, and once for images that have the same rows: those
    on one base share theirs."""

    def __init__(self, cleared: bool) -> None:
        self._cleared = cleared
        # By identity: the snapshot holds the rows for as long as this lives.
        self._told: dict[int, _Fate] = {}
        self._alike: dict[int, tuple[_Rows, int]] = {}
        self._others: list[_Rows] = []

    def add(self, rows: _Rows) -> None:
        """One more image, which has these."""
        place = hash(tuple(map(id, rows)))
        first, images = self._alike.get(place, (rows, 0))
        if first == rows:
            self._alike[place] = first, images + 1
        else:
            self._others.append(rows)

    def count(self, counts: Counter[_Fate]) -> None:
        """Count what becomes of all that was added."""
        for rows, images in self._alike.values():
            counts.update(dict.fromkeys(self._of(rows), images))
        for rows in self._others:
            counts.update(self._of(rows))

    def _of(self, all_rows: _Rows) -> Iterable[_Fate]:
        """Each finding of an image once: of several packages with one vulnerability that which stays counts."""
        told, rows = self._told, [row for row in all_rows if row.vex is None]
        for row in rows:
            if id(row) not in told:
                told[id(row)] = _fate(row, self._cleared)
        fates = [told[id(row)] for row in rows]
        by_id = {fate[0]: fate for fate in fates}
        if len(by_id) < len(fates):
            by_id = {fate[0]: fate for fate in sorted(fates, key=_weight)}
        return by_id.values()


def _besides(image: Image, cleared: bool, behind: bool) -> Iterable[_Fate]:
    """What becomes of an image's other findings."""
    if image.scan_gap or not image.scans:
        yield NOT_SCANNED, image.scan_gap or "no scanner has a report on it", False
    link = image.base
    if link is not None and link.state is BaseState.OUTDATED:
        yield OUTDATED_BASE, NO_STEP if not cleared else NOT_YET if behind else "", True
    elif link is not None and link.state is BaseState.UNKNOWN:
        yield OUTDATED_BASE, link.state_reason or "not known whether it is the newest", False


def _weight(fate: _Fate) -> int:
    return 0 if not fate[1] else 1 if not fate[2] else 2


def _fate(row: ImageVulnerability, cleared: bool) -> _Fate:
    if row.rebuild:
        return row.id, "" if cleared else NO_STEP, True
    return row.id, *why_staying(row)


def why_staying(row: ImageVulnerability) -> tuple[str, bool]:
    """Why a vulnerability stays after a rebuild on today's base, and whether that is known; empty where it goes."""
    if row.rebuild:
        return "", True
    if not row.fixed:
        return NO_FIX, True
    if row.from_base is False:
        return OWN, True
    return (NOT_TOLD, False) if row.rebuild is None else (NOT_YET, True)


def _replaced(old: Image, new: Image) -> Iterable[_Fate]:
    """By what another image of the same repository has, which is there already."""
    rows = {row.id: row for row in new.vulnerabilities if row.vex is None}
    is_scanned = bool(new.scans) and not new.scan_gap
    for finding in dict.fromkeys(row.id for row in old.vulnerabilities if row.vex is None):
        if finding in rows:
            row = rows[finding]
            yield finding, (NO_FIX if not row.fixed else OWN if row.from_base is False else NOT_YET), True
        else:
            yield finding, "" if is_scanned else NOT_SCANNED, is_scanned
    if old.base is not None and old.base.state is BaseState.OUTDATED:
        outdated = new.base is not None and new.base.state is BaseState.OUTDATED
        yield OUTDATED_BASE, NOT_YET if outdated else "", True

"""Whether a vulnerability came with the base, with which one, and whether today's build of that base is rid of it.

What proves it, best first: the layer that a scanner found it in, else the base's own report. That a base's report does not
list something counts only when the same scanner made it, whole, and not long before the image's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from tui.domain.facts.scan import ImageVulnerability
from tui.domain.scans.vulnerabilities import Merged

__all__ = ["LowerBase", "inherit"]

APART = timedelta(days=7)
"""How much older a base's report may be than the image's to be compared: what is known of vulnerabilities grows daily."""


class LowerBase(NamedTuple):
    """One base below an image: its name, what was found in it and in today's build of it (None: not known), and its layers.

    `layers` are diff_ids and digests, empty when not known. `current` says that it is today's build, `newest` names that.
    """

    name: str
    merged: Merged | None
    layers: frozenset[str]
    current: bool
    today: Merged | None
    newest: str = ""


def inherit(own: Merged, steps: Sequence[LowerBase]) -> tuple[ImageVulnerability, ...]:
    """The rows of an image with what they have to do with its bases; `steps` goes down, the direct base first."""
    if not steps or not own.rows:
        return own.rows
    return tuple(_placed(row, own, own.layers.get(place, frozenset()), steps) for place, row in enumerate(own.rows))


def _placed(row: ImageVulnerability, own: Merged, layers: frozenset[str], steps: Sequence[LowerBase]) -> ImageVulnerability:
    from_base, lowest = _origin(row, own, layers, steps)
    base = steps[lowest].name if from_base else ""
    rebuild, route = _rebuilt(row, own, steps[: lowest + 1]) if from_base else (None if from_base is None else False, ())
    return ImageVulnerability(
        row.id,
        row.severity,
        row.package,
        row.installed,
        row.fixed,
        row.cvss,
        row.title,
        row.url,
        row.sources,
        row.disagreement,
        from_base,
        base,
        rebuild,
        row.vex,
        row.aliases,
        row.exemption,
        route,
    )


def _origin(row: ImageVulnerability, own: Merged, layers: frozenset[str], steps: Sequence[LowerBase]) -> tuple[bool | None, int]:
    """Whether a base carries it, and the place of the lowest that does."""
    direct: bool | None = None
    lowest = -1
    for place, step in enumerate(steps):
        carried = _carries(step, row, own, layers)
        if place == 0:
            direct = carried
        if carried is False:
            break
        if carried:
            lowest = place
    return (True, lowest) if lowest >= 0 else (direct, -1)


def _carries(step: LowerBase, row: ImageVulnerability, own: Merged, layers: frozenset[str]) -> bool | None:
    if layers and step.layers:
        return not layers.isdisjoint(step.layers)
    return _has(step.merged, row, own)


def _has(merged: Merged | None, row: ImageVulnerability, own: Merged) -> bool | None:
    """Whether it was found in another image; None when nobody who could tell has looked."""
    if merged is None:
        return None
    same = merged.by_name.get((row.id, row.package))
    if same is not None:
        return _same_version(row.installed, same.installed) or None
    return False if _would_tell(merged, row, own) else None


def _same_version(version: str, other: str) -> bool:
    return not version or not other or not {*version.split(", ")}.isdisjoint(other.split(", "))


def _would_tell(merged: Merged, row: ImageVulnerability, own: Merged) -> bool:
    looked = merged.whole
    return any(source in looked and _not_long_before(looked[source], own.whole.get(source)) for source in row.sources)


def _not_long_before(scanned: datetime | None, other: datetime | None) -> bool:
    return scanned is not None and (other is None or scanned >= other - APART)


def _rebuilt(row: ImageVulnerability, own: Merged, carriers: Sequence[LowerBase]) -> tuple[bool | None, tuple[str, ...]]:
    """Whether rebuilding, from any of the bases that carry it upwards, gets rid of it; and the names on the way up.

    The nearest of them is the shortest way: it begins with the build that is rid of it, and ends with the direct base. Where
    none is, the names are those of all that carry it.
    """
    answers = [False if step.current else _lacks(step.today, row, own) for step in carriers]
    if True in answers:
        place = answers.index(True)
        below = carriers[place]
        return True, (below.newest or below.name, *(step.name for step in reversed(carriers[:place])))
    return (None if None in answers else False), tuple(step.name for step in reversed(carriers))


def _lacks(today: Merged | None, row: ImageVulnerability, own: Merged) -> bool | None:
    """Whether a newer build is rid of it: there, or there in another version, is not the same to a scanner."""
    if today is None:
        return None
    if (row.id, row.package) in today.by_name:
        return False
    return True if _would_tell(today, row, own) else None

"""The answer to "it is out: do we run it, where, is there a fix, is it the base's?", in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tui.domain.common.trust import State
from tui.domain.facts.workload import ObjectKey
from tui.domain.query.exposure import Exposure
from tui.presenters.words import count, plural

__all__ = ["AnswerSentence", "exposure_parts"]

PLACES, FIXES, BASES = 3, 3, 2
"""How many of each are named before the rest is only counted."""


class AnswerSentence(NamedTuple):
    """One sentence of the answer, the word that it stands under, and what it means."""

    label: str
    words: str
    state: State


def exposure_parts(name: str, exposure: Exposure) -> list[AnswerSentence]:
    """Whether it runs and where, what mends it, whose it is, and of how many nobody can tell."""
    parts = [_running(name, exposure)]
    if exposure.images:
        parts += [
            AnswerSentence("fix", _fixes(exposure), State.PASS if exposure.fixes else State.WARN),
            AnswerSentence("whose", _origins(exposure), State.OFF),
        ]
    if exposure.excused:
        statement = exposure.excused[0]
        more = f" +{len(exposure.excused) - 1}" if len(exposure.excused) > 1 else ""
        parts.append(AnswerSentence("stated", f"{statement.status} by {statement.author}{more}", State.OFF))
    if exposure.open:
        has = f"{plural(exposure.open, 'running image')} {'has' if exposure.open == 1 else 'have'} no whole and recent report"
        parts.append(AnswerSentence("unknown", f"{has}: it may run there too.", State.UNKNOWN))
    return parts


def _running(name: str, exposure: Exposure) -> AnswerSentence:
    if exposure.running:
        where = _listed([f"{cluster} ({_listed(spaces, PLACES)})" for cluster, spaces in _places(exposure.workloads)], PLACES)
        images, workloads = plural(len(exposure.running), "image"), plural(len(exposure.workloads), "workload")
        wide = f"{images}, {workloads}, {plural(exposure.pods, 'pod')}"
        return AnswerSentence("runs", f"{name} runs: {wide} in {where}.", State.FAIL)
    idle = f" {plural(len(exposure.images), 'image')} that does not run has it." if len(exposure.images) == 1 else ""
    idle = idle or (f" {count(len(exposure.images))} images that do not run have it." if exposure.images else "")
    if exposure.open:
        return AnswerSentence("runs", f"No report names {name} in what runs.{idle}", State.UNKNOWN)
    return AnswerSentence("runs", f"{name} does not run here.{idle}", State.PASS)


def _places(workloads: Sequence[ObjectKey]) -> Iterator[tuple[str, list[str]]]:
    clusters: dict[str, dict[str, None]] = {}
    for key in workloads:
        clusters.setdefault(key.cluster, {})[key.namespace] = None
    yield from ((cluster, list(spaces)) for cluster, spaces in clusters.items())


def _fixes(exposure: Exposure) -> str:
    """The versions that mend it, a package once; then what a rebuild alone does."""
    versions: dict[str, list[str]] = {}
    for package, version in exposure.fixes:
        versions.setdefault(package, []).append(version)
    packages = [
        f"{package} {fixed_in[0]}{f' (+{len(fixed_in) - 1})' if len(fixed_in) > 1 else ''}"
        for package, fixed_in in versions.items()
    ]
    fixes = f"fixed in {_listed(packages, FIXES)}" if packages else "no fix is known"
    return f"{fixes}; {_rebuilt(exposure)}."


def _rebuilt(exposure: Exposure) -> str:
    if exposure.rebuild or exposure.later:
        later = f", {count(exposure.later)} more once their base is rebuilt" if exposure.later else ""
        more = f", not told for {count(exposure.unsure)}" if exposure.unsure else ""
        images = plural(len(exposure.images), "image")
        return f"a rebuild on today's base rids {count(exposure.rebuild)} of {images} of it{later}{more}"
    if exposure.unsure:
        return f"whether a rebuild on today's base helps is not told for {plural(exposure.unsure, 'image')}"
    return "a rebuild on today's base changes nothing"


def _origins(exposure: Exposure) -> str:
    bases = [f"{_short(base)} ({plural(number, 'image')})" for base, number in exposure.bases]
    parts = [f"the base's: {_listed(bases, BASES)}" if bases else ""]
    parts += [f"{plural(exposure.own, 'image')} of {'its' if exposure.own == 1 else 'their'} own" if exposure.own else ""]
    parts += [f"not told for {count(exposure.unplaced)}" if exposure.unplaced else ""]
    return "; ".join(filter(None, parts)) + "."


def _short(base: str) -> str:
    """A base without its registry, which every one of them has."""
    host, _, path = base.partition("/")
    return path if path and ("." in host or ":" in host) else base


def _listed(names: Sequence[str], most: int) -> str:
    more = f" +{len(names) - most}" if len(names) > most else ""
    return ", ".join(names[:most]) + more

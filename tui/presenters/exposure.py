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


def exposure_parts(asked: str, found: Exposure) -> list[AnswerSentence]:
    """Whether it runs and where, what mends it, whose it is, and of how many nobody can tell."""
    parts = [_running(asked, found)]
    if found.images:
        parts += [
            AnswerSentence("fix", _fixes(found), State.PASS if found.fixes else State.WARN),
            AnswerSentence("whose", _origins(found), State.OFF),
        ]
    if found.excused:
        said = found.excused[0]
        more = f" +{len(found.excused) - 1}" if len(found.excused) > 1 else ""
        parts.append(AnswerSentence("stated", f"{said.status} by {said.author}{more}", State.OFF))
    if found.open:
        has = f"{plural(found.open, 'running image')} {'has' if found.open == 1 else 'have'} no whole and recent report"
        parts.append(AnswerSentence("unknown", f"{has}: it may run there too.", State.UNKNOWN))
    return parts


def _running(asked: str, found: Exposure) -> AnswerSentence:
    if found.running:
        where = _listed([f"{cluster} ({_listed(spaces, PLACES)})" for cluster, spaces in _places(found.workloads)], PLACES)
        wide = f"{plural(len(found.running), 'image')}, {plural(len(found.workloads), 'workload')}, {plural(found.pods, 'pod')}"
        return AnswerSentence("runs", f"{asked} runs: {wide} in {where}.", State.FAIL)
    kept = f" {plural(len(found.images), 'image')} that does not run has it." if len(found.images) == 1 else ""
    kept = kept or (f" {count(len(found.images))} images that do not run have it." if found.images else "")
    if found.open:
        return AnswerSentence("runs", f"No report names {asked} in what runs.{kept}", State.UNKNOWN)
    return AnswerSentence("runs", f"{asked} does not run here.{kept}", State.PASS)


def _places(workloads: Sequence[ObjectKey]) -> Iterator[tuple[str, list[str]]]:
    clusters: dict[str, dict[str, None]] = {}
    for key in workloads:
        clusters.setdefault(key.cluster, {})[key.namespace] = None
    yield from ((cluster, list(spaces)) for cluster, spaces in clusters.items())


def _fixes(found: Exposure) -> str:
    """The versions that mend it, a package once; then what a rebuild alone does."""
    versions: dict[str, list[str]] = {}
    for package, version in found.fixes:
        versions.setdefault(package, []).append(version)
    named = [f"{package} {each[0]}{f' (+{len(each) - 1})' if len(each) > 1 else ''}" for package, each in versions.items()]
    known = f"fixed in {_listed(named, FIXES)}" if named else "no fix is known"
    return f"{known}; {_rebuilt(found)}."


def _rebuilt(found: Exposure) -> str:
    if found.rebuild or found.later:
        later = f", {count(found.later)} more once their base is rebuilt" if found.later else ""
        more = f", not told for {count(found.unsure)}" if found.unsure else ""
        return f"a rebuild on today's base rids {count(found.rebuild)} of {plural(len(found.images), 'image')} of it{later}{more}"
    if found.unsure:
        return f"whether a rebuild on today's base helps is not told for {plural(found.unsure, 'image')}"
    return "a rebuild on today's base changes nothing"


def _origins(found: Exposure) -> str:
    bases = [f"{_short(base)} ({plural(number, 'image')})" for base, number in found.bases]
    parts = [f"the base's: {_listed(bases, BASES)}" if bases else ""]
    parts += [f"{plural(found.own, 'image')} of {'its' if found.own == 1 else 'their'} own" if found.own else ""]
    parts += [f"not told for {count(found.unplaced)}" if found.unplaced else ""]
    return "; ".join(filter(None, parts)) + "."


def _short(base: str) -> str:
    """A base without its registry, which every one of them has."""
    host, _, path = base.partition("/")
    return path if path and ("." in host or ":" in host) else base


def _listed(names: Sequence[str], most: int) -> str:
    rest = f" +{len(names) - most}" if len(names) > most else ""
    return ", ".join(names[:most]) + rest

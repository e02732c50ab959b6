"""What clears a problem that many have: one step where all of them share it, else what is common, and for how many it is.

A step that fits some of them is never told as if it fitted all: it says for how many, and sends the others to their own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import takewhile

from tui.domain.common.text import clean, full_stop, listed, short
from tui.domain.facts.workload import ObjectKey
from tui.domain.lineage.base_steps import rebuilt_on
from tui.domain.snapshot.snapshot import Image, ImageKey, Snapshot

__all__ = ["Subject", "in_general", "shared_step"]

Subject = ImageKey | ObjectKey
"""What a step is told to: an image, or the workload of a container."""
_SENTENCE = re.compile(r"(?<=\.) (?=[A-Z])")
_NAMED = 2
_Parts = dict[str, dict[Subject, None]]


def in_general(step: str, image: Image) -> str:
    """The step of an image in words that fit any image, where nothing but its own name tells it from that of another."""
    name = f"{image.name}@"
    for digest in {image.key.digest, *image.digests} if name in step else ():
        step = step.replace(f"{name}{digest}", "IMAGE@DIGEST")
    return step


def shared_step(subjects_by_step: Mapping[str, Iterable[Subject]], snapshot: Snapshot) -> str:
    """What clears a problem, by the steps that were named (an empty one for none), each with all that it fits."""
    steps: _Parts = {step: dict.fromkeys(subjects) for step, subjects in subjects_by_step.items()}
    if len(steps) == 1:
        return next(iter(steps))
    if set(steps) == {""}:
        return ""
    everybody = {subject for subjects in steps.values() for subject in subjects}
    sentences = {step: _SENTENCE.split(step) for step in steps}
    common = [first for first, *_ in takewhile(lambda alike: len(set(alike)) == 1, zip(*sentences.values(), strict=False))]
    own: _Parts = {}
    for step, subjects in steps.items():
        own.setdefault(" ".join(sentences[step][len(common) :]), {}).update(subjects)
    return " ".join((*common, *_parts(own, everybody, snapshot, bool(common))))


def _parts(steps: _Parts, everybody: set[Subject], snapshot: Snapshot, begun: bool) -> Iterable[str]:
    """What fits most, the rest if that is one step too, else how many others there are; `begun`: all have a step already."""
    rebuilt = {step: target for step in steps if (target := rebuilt_on(step))}
    ways = [(step, set(subjects)) for step, subjects in steps.items() if step and step not in rebuilt]
    ways += [_rebuild(rebuilt, steps)] if rebuilt else []
    ways.sort(key=lambda way: (-len(way[1]), way[0]))
    shown = ways if len(ways) <= _NAMED else ways[:1]
    yield from (_for(step, subjects, everybody, snapshot) for step, subjects in shown)
    reached = everybody if begun else set[Subject]().union(*(subjects for _, subjects in ways))
    others = len(set[Subject]().union(*(subjects for _, subjects in ways)).difference(*(subjects for _, subjects in shown)))
    if others:
        yield f"{others} {'other' if others == 1 else 'others'}: see each."
    elif len(ways) > len(shown):
        yield "Some need more: see each."
    if without := len(everybody - reached):
        yield f"For {without}{_noun(list(everybody)[:without])} no step is known."


def _rebuild(targets: Mapping[str, str], steps: _Parts) -> tuple[str, set[Subject]]:
    """One sentence for all that is rebuilt on the newest build of its base, the widest base first."""
    by_target: dict[str, set[Subject]] = {}
    for step, target in targets.items():
        by_target.setdefault(target, set()).update(steps[step])
    subjects = set[Subject]().union(*by_target.values())
    order = sorted(by_target, key=lambda target: (-len(by_target[target]), target))
    if len(order) == 1:
        return f"Rebuild {'it' if len(subjects) == 1 else 'each'} on the newest build of {order[0]}.", subjects
    names = [
        f"{name} ({len(by_target[name])}{'' if place else _noun(by_target[name])})" for place, name in enumerate(order[:_NAMED])
    ]
    unnamed = len(order) - _NAMED
    names += [f"{unnamed} more {'base' if unnamed == 1 else 'bases'}"] if unnamed > 0 else []
    return f"Rebuild each on the newest build of its base: {listed(names)}.", subjects


def _for(step: str, subjects: set[Subject], everybody: set[Subject], snapshot: Snapshot) -> str:
    """A step with what it fits, unless that is everything."""
    if subjects >= everybody:
        return step
    first, *_ = step.split(" ", 1)
    lower = f"{step[:1].lower()}{step[1:]}" if first[1:].islower() or len(first) == 1 else step
    [*some] = subjects
    title = _title(some[0], snapshot) if len(some) == 1 else f"{len(some)} of {len(everybody)}{_noun(everybody)}"
    return f"For {title}: {full_stop(lower)}"


def _noun(subjects: Iterable[Subject]) -> str:
    kinds = Counter(isinstance(subject, ImageKey) for subject in subjects)
    if len(kinds) > 1:
        return ""
    noun = "image" if kinds[True] else "workload"
    return f" {noun}" if kinds.total() == 1 else f" {noun}s"


def _title(subject: Subject, snapshot: Snapshot) -> str:
    """An image or a workload as a person names it."""
    if isinstance(subject, ObjectKey):
        return clean(f"{subject.namespace}/{subject.name}", 200)
    image = snapshot.images.get(subject)
    tag = f":{image.tags[0]}" if image is not None and image.tags else f"@{short(subject.digest)}"
    return clean(f"{subject.name}{tag}", 300)

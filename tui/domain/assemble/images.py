"""Images with everything but their use: what the catalog and the lineage know of them, and what the checks make of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from tui.domain.assemble.contexts import ContextFactory
from tui.domain.checks.asking import CheckAnswers, Questions
from tui.domain.checks.checks import of_containers
from tui.domain.checks.containers import BY_CONTAINER
from tui.domain.checks.content import unless_altered
from tui.domain.checks.context import ImageContext
from tui.domain.checks.scan import scan_gap
from tui.domain.common.trust import Check, CheckName, State, roll_up, worst
from tui.domain.facts.image import RepositoryName
from tui.domain.policy.rulebook import RuleBook
from tui.domain.policy.rules import Rules
from tui.domain.policy.ruling import ruled
from tui.domain.policy.scopes import PolicyTarget
from tui.domain.registries.catalog import CatalogImage
from tui.domain.registries.presence import Presence
from tui.domain.snapshot.snapshot import Image, ImageKey

__all__ = ["ImageJudge", "Memory", "used", "verdict_of"]

_ORDER = {name: number for number, name in enumerate(CheckName)}


class Question(msgspec.Struct, frozen=True, gc=False):
    """Everything that an `Image` is made of; `as_of` is when its registry last spoke of it."""

    context: ImageContext
    as_of: datetime | None
    root: bool = False
    same_content: tuple[ImageKey, ...] = ()
    gone: bool = False
    tags_listed: bool = False


class _Judged(msgspec.Struct, frozen=True, gc=False):
    """An image as it was judged last, and upon what."""

    question: Question
    asked: CheckAnswers[ImageContext]
    image: Image


Memory = dict[ImageKey, _Judged]


@dataclass(frozen=True, slots=True, eq=False)
class ImageJudge:
    """Makes an `Image` of what is known of it; the same question is not judged again as long as `memory` is handed on."""

    grounds: ContextFactory
    questions: Questions[ImageContext]
    book: RuleBook
    now: datetime
    memory: Memory = field(default_factory=dict)

    def all(self) -> dict[ImageKey, Image]:
        """Every image that a registry shows or showed, in the order of the catalog, by the rules of its repository."""
        images = self.grounds.ancestry.catalog.images
        for key in [key for key in self.memory if key not in images and key not in self.grounds.used]:
            del self.memory[key]
        roots = frozenset(self.grounds.ancestry.lineage.roots)
        return {key: self._known(known, key in roots) for key, known in images.items()}

    def _known(self, known: CatalogImage, root: bool) -> Image:
        key = known.key
        context = self.grounds.of(known, self._rules(key), self.now)
        same = self.grounds.ancestry.catalog.same_content(key)
        gone = bool(known.absent) and self.grounds.registries.digest(known.name, key.digest).gone
        return self._judged(Question(context, known.held, root and context.link is None, same, gone, self._listed(known.name)))

    def absent(self, key: ImageKey) -> Image:
        """An image that runs although no registry shows it to us."""
        name = RepositoryName(key.registry, key.repository)
        word = self.grounds.registries.digest(name, key.digest)
        context = self.grounds.absent(key, _why_absent(name, word), self._rules(key), self.now)
        return self._judged(Question(context, word.at, gone=word.gone, tags_listed=self._listed(name)))

    def again(self, image: Image, rules: Rules, named: tuple[str, ...] | None = None) -> tuple[Check, ...]:
        """The checks of an image by other rules, or under the digests alone that are `named`."""
        known = self.grounds.ancestry.catalog.images.get(image.key)
        if known is not None:
            context = self.grounds.of(known, rules, self.now)
        else:
            context = self.grounds.absent(image.key, image.absent, rules, self.now)
        if named is not None:
            context = msgspec.structs.replace(context, named=named)
        kept = self.memory.get(image.key)
        return _checks(self.questions.ask(context, kept.asked if kept is not None else None))

    def _listed(self, name: RepositoryName) -> bool:
        """Whether all tags of a repository are known."""
        return self.grounds.registries.lists_tags(name)

    def _rules(self, key: ImageKey) -> Rules:
        return self.book.rules(PolicyTarget(name=RepositoryName(key.registry, key.repository)))

    def _judged(self, question: Question) -> Image:
        key = question.context.key
        kept = self.memory.get(key)
        if kept is None or kept.question != question:
            asked = self.questions.ask(question.context, kept.asked if kept is not None else None)
            kept = self.memory[key] = _Judged(question, asked, _image(question, _checks(asked)))
        return kept.image


def _image(question: Question, checks: tuple[Check, ...]) -> Image:
    context, known = question.context, question.context.known
    image = Image(
        key=context.key,
        digests=context.digests,
        checks=checks,
        verdict=roll_up(checks),
        absent=context.absent,
        as_of=question.as_of,
        vulnerabilities=context.scan.vulnerabilities,
        scans=context.scan.reports,
        scan_gap=scan_gap(context),
        gone=question.gone,
        tags_listed=question.tags_listed,
    )
    return image if known is None else _described(image, known, question)


def _described(image: Image, known: CatalogImage, question: Question) -> Image:
    """With what can only be told of an image that was read."""
    context = question.context
    return msgspec.structs.replace(
        image,
        tags=known.tags,
        platforms=known.platforms,
        size=known.size,
        created=known.created,
        pushed=known.pushed,
        base=context.link,
        root=question.root,
        distro=context.system,
        config_digests=known.configs,
        same_content=question.same_content,
        signatures=context.signatures,
    )


def _checks(asked: CheckAnswers[ImageContext]) -> tuple[Check, ...]:
    answers = ruled(asked.answers, asked.context.rules, asked.context.meaning)
    return _in_order((*(unless_altered(each, asked.context) for each in answers), *_UNUSED))


_UNUSED = tuple(of_containers(name, ()) for name in BY_CONTAINER)
"""What containers would answer, where none runs the image."""


def used(image: Image, answers: tuple[Check, ...], pods: int) -> Image:
    """The image as something uses it: with the answers of its containers."""
    checks = tuple([of_containers(each.name, answers) if each.name in BY_CONTAINER else each for each in image.checks])
    return msgspec.structs.replace(image, in_use=True, pods=pods, checks=checks, verdict=roll_up(checks))


def verdict_of(own: Iterable[Check], images: Iterable[tuple[Check, ...]]) -> State:
    """The verdict of a container: its own checks and those of the images that it runs, but for what others run of them."""
    states = [check.state for check in own]
    for checks in images:
        states += [check.state for check in checks if check.name not in BY_CONTAINER]
    return worst(states)


def _in_order(checks: Iterable[Check]) -> tuple[Check, ...]:
    return tuple(sorted(checks, key=lambda check: _ORDER[check.name]))


def _why_absent(name: RepositoryName, word: Presence) -> str:
    if word.gone:
        return f"{name} does not have it any more: it was deleted or purged."
    if word.there:
        return f"{name} has it, but it has not been read."
    return word.reason

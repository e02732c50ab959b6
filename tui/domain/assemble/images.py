"""Images with everything but their use: what the catalog and the lineage know of them, and what the checks make of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import msgspec

from tui.domain.assemble.contexts import ContextFactory, Question, Use
from tui.domain.checks.asking import Questions
from tui.domain.checks.checks import READS, of_containers
from tui.domain.checks.containers import BY_CONTAINER
from tui.domain.checks.content import unless_altered
from tui.domain.checks.context import ImageContext
from tui.domain.checks.scan import check_scan, scan_gap
from tui.domain.common.memo import Memo
from tui.domain.common.pace import paced
from tui.domain.common.trust import Check, CheckName, State, roll_up, worst
from tui.domain.policy.policy import Policy
from tui.domain.policy.rulebook import RuleBook
from tui.domain.policy.rules import Rules
from tui.domain.policy.ruling import ruled
from tui.domain.policy.scopes import PolicyTarget
from tui.domain.registries.catalog import CatalogImage
from tui.domain.snapshot.snapshot import Image, ImageKey

__all__ = ["ImageJudge", "used", "verdict_of"]

_ORDER = {name: number for number, name in enumerate(CheckName)}


class _Judged(msgspec.Struct, frozen=True, gc=False):
    """An image as it was judged last, and upon what."""

    question: Question
    rules: Rules
    now: datetime
    use: Use
    answers: tuple[Check, ...]
    image: Image


class ImageJudge:
    """Makes an `Image` of what is known of it, round after round: the same question is not judged again.

    `images` are those that a registry shows or showed, by the rules of their repositories, and those that run besides.
    """

    def __init__(self, contexts: ContextFactory, questions: Questions[ImageContext]) -> None:
        self.images: dict[ImageKey, Image] = {}
        self.book = RuleBook(Policy("", Rules()), _NO_TIME)
        self.now = _NO_TIME
        self._contexts, self._questions = contexts, questions
        self._judged: dict[ImageKey, _Judged] = {}
        self._alike: Memo[bool] = Memo()

    def renew(
        self, keys: Iterable[ImageKey], is_present: Callable[[ImageKey], bool], book: RuleBook, now: datetime
    ) -> set[ImageKey]:
        """Judge these again, all when it is by another book or at another time; the images that are others, or gone."""
        others: set[ImageKey] = set()
        if book is not self.book or now != self.now:
            keys = {*keys, *self._judged}
        self.book, self.now = book, now
        for key in paced(keys):
            before = self.images.get(key)
            if is_present(key):
                image = self.images[key] = self._judge(key)
            else:
                image = None
                self.images.pop(key, None)
                self._judged.pop(key, None)
            if image is not before:
                others.add(key)
        return others

    def again(self, key: ImageKey, rules: Rules, digests: tuple[str, ...] | None = None) -> tuple[Check, ...]:
        """The checks of an image by other rules, or under these `digests` alone."""
        question = self._contexts.question(key)
        use = self._contexts.use(question, digests)
        return _checks(question, rules, use, self._answers(question, rules, use, self._last(key, question, use)))

    def _judge(self, key: ImageKey) -> Image:
        rules = self.book.rules(PolicyTarget(name=key.name))
        question = self._contexts.question(key)
        use = self._contexts.use(question)
        last = self._last(key, question, use)
        if last is not None and last.rules == rules:
            return last.image
        answers = self._answers(question, rules, use, last)
        checks = _checks(question, rules, use, answers)
        if last is not None and self._has_same_gap(last.rules, rules):
            image = msgspec.structs.replace(last.image, checks=checks, verdict=roll_up(checks))
        else:
            image = _image(question, question.under(rules, self.now, use), checks)
        before = self.images.get(key)
        # Screens and diffs compare by identity first: what says the same stays the very same.
        image = before if before is not None and before == image else image
        self._judged[key] = _Judged(question, rules, self.now, use, answers, image)
        return image

    def _has_same_gap(self, before: Rules, rules: Rules) -> bool:
        """Whether what may be there although no report lists it is the same under both rules."""
        return self._alike.get((before, rules), lambda: before.alike(rules, READS[check_scan]))

    def _last(self, key: ImageKey, question: Question, use: Use) -> _Judged | None:
        """How an image was judged last, if upon the same facts, whatever the rules were."""
        last = self._judged.get(key)
        same = last is not None and last.question is question and last.now == self.now and last.use == use
        return last if same else None

    def _answers(self, question: Question, rules: Rules, use: Use, last: _Judged | None) -> tuple[Check, ...]:
        if last is None:
            return self._questions.all(question.under(rules, self.now, use))
        return self._questions.again(last.answers, last.rules, rules, lambda: question.under(rules, self.now, use))


_NO_TIME = datetime(1, 1, 1, tzinfo=UTC)


def _image(question: Question, context: ImageContext, checks: tuple[Check, ...]) -> Image:
    catalog_image = context.catalogued
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
    return image if catalog_image is None else _described(image, catalog_image, question)


def _described(image: Image, catalog_image: CatalogImage, question: Question) -> Image:
    """With what can only be told of an image that was read."""
    context = question.context
    return msgspec.structs.replace(
        image,
        tags=catalog_image.tags,
        platforms=catalog_image.platforms,
        size=catalog_image.size,
        created=catalog_image.created,
        pushed=catalog_image.pushed,
        base=context.link,
        root=question.root,
        distro=context.system,
        config_digests=catalog_image.configs,
        same_content=question.same_content,
        signatures=context.signatures,
        changed=catalog_image.changed,
        locks=catalog_image.locks,
        tag_rows=catalog_image.tag_rows,
        built_by=question.built_by,
    )


def _checks(question: Question, rules: Rules, use: Use, answers: tuple[Check, ...]) -> tuple[Check, ...]:
    context = question.context
    if rules.overrules:
        answers = ruled(answers, rules, context.meaning_by(use.named_digests))
    if context.altered:
        answers = tuple([unless_altered(check, context) for check in answers])
    return tuple(sorted((*answers, *_UNUSED), key=_place))


def _place(check: Check) -> int:
    return _ORDER[check.name]


_UNUSED = tuple(of_containers(name, ()) for name in BY_CONTAINER)
"""What containers would answer, where none runs the image."""


def used(image: Image, answers: tuple[Check, ...], pods: int) -> Image:
    """The image as something uses it: with the answers of its containers."""
    checks = tuple([of_containers(check.name, answers) if check.name in BY_CONTAINER else check for check in image.checks])
    return msgspec.structs.replace(image, in_use=True, pods=pods, checks=checks, verdict=roll_up(checks))


def verdict_of(own: Iterable[Check], images: Iterable[tuple[Check, ...]], trouble: str = "") -> State:
    """The verdict of a container: its own checks and those of the images that it runs, but for what others run of them.

    What cannot start (`trouble`) fails, as no check can then tell of what it should run: findings say the same.
    """
    states = [*(check.state for check in own), *((State.FAIL,) if trouble else ())]
    for checks in images:
        states += [check.state for check in checks if check.name not in BY_CONTAINER]
    return worst(states)

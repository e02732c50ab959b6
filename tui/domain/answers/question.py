"""What a filter or a query asks, as far as its answer differs: the kind of a question, and what it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from tui.domain.query.finding import START, Finding
from tui.domain.query.language import Key, Term, Trait, format_term
from tui.domain.snapshot.snapshot import Drift

__all__ = ["Question", "QuestionKind", "question_of"]


class QuestionKind(StrEnum):
    """What is asked about. OTHER is any other query: how much of the estate it is, and what is wrong there."""

    FINDING = "finding"
    CVE = "cve"
    PACKAGE = "package"
    BASE = "base"
    DIGEST = "digest"
    AT_RISK = "at-risk"
    STUCK = "stuck"
    MOVED = "moved"
    REPOSITORY = "repository"
    NAME = "name"
    OTHER = "other"


class Question(msgspec.Struct, frozen=True):
    """What is asked: `subject` is what it is about, as it was written; `text` the whole of it.

    `finding` is the finding that was opened, `faults` whether only what is not trusted counts.
    """

    kind: QuestionKind
    subject: str
    text: str
    terms: tuple[Term, ...] = ()
    finding: Finding | None = None
    faults: bool = False


_OF_TRAIT: Mapping[str, QuestionKind] = {
    Trait.AT_RISK: QuestionKind.AT_RISK,
    Trait.STUCK: QuestionKind.STUCK,
    Trait.DRIFTED: QuestionKind.MOVED,
}
_OF_DRIFT: Mapping[str, QuestionKind] = dict.fromkeys((Drift.MOVED, Drift.MIXED, Drift.GONE), QuestionKind.MOVED)
_OF_KEY: Mapping[Key, QuestionKind] = {
    Key.CVE: QuestionKind.CVE,
    Key.PKG: QuestionKind.PACKAGE,
    Key.BASE: QuestionKind.BASE,
    Key.DIGEST: QuestionKind.DIGEST,
    Key.REPO: QuestionKind.REPOSITORY,
    Key.WORD: QuestionKind.NAME,
}


def question_of(terms: Iterable[Term], finding: Finding | None = None, *, faults: bool = False) -> Question | None:
    """What is asked; None where nothing is.

    Terms that narrow (`ns:prod`) leave the kind alone. Of several kinds the first in the order of QuestionKind is the one; of
    several terms of one kind (two vulnerabilities) it is not told which one is meant: that is OTHER.
    """
    terms = tuple(terms)
    words = [format_term(term) for term in terms]
    text = " ".join([*words, *(["(faults only)"] if faults else []), *([f"“{finding.what}”"] if finding is not None else [])])
    if not text:
        return None
    if finding is not None:
        kind = QuestionKind.STUCK if finding.check == START else QuestionKind.FINDING
        return Question(kind, finding.what, text, terms, finding, faults)
    kinds = [(kind, term) for term in terms if not term.negated and (kind := _kind(term)) is not QuestionKind.OTHER]
    first = min((kind for kind, _ in kinds), key=list(QuestionKind).index, default=QuestionKind.OTHER)
    subjects = {term.value for kind, term in kinds if kind is first}
    if len(subjects) == 1:
        return Question(first, subjects.pop(), text, terms, None, faults)
    return Question(QuestionKind.OTHER, text, text, terms, None, faults)


def _kind(term: Term) -> QuestionKind:
    of_value = _OF_TRAIT if term.key is Key.IS else _OF_DRIFT if term.key is Key.DRIFT else {}
    return _OF_KEY.get(term.key) or of_value.get(term.value, QuestionKind.OTHER)

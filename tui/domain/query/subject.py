"""What a query asks about: images, the workloads that run them, or a vulnerability; what is shown first hangs on it."""

from __future__ import annotations

from collections.abc import Iterable, Set

from tui.domain.common.pace import paced
from tui.domain.facts.workload import ObjectKey
from tui.domain.query.language import Key, Term, Trait
from tui.domain.query.match import text_matcher
from tui.domain.snapshot.snapshot import ImageKey, Snapshot

__all__ = ["asked_vulnerability", "asks_for_workloads", "finds_workloads_alone"]

_OF_WORKLOADS = frozenset({Key.NS, Key.CTX, Key.KIND, Key.TEAM, Key.DRIFT})
_OF_EITHER = frozenset({Key.WORD, Key.VERDICT})
_TRAITS = frozenset(
    {
        *(Trait.RUNNING, Trait.DECLARED, Trait.SCHEDULED, Trait.SCALED_TO_ZERO, Trait.STUCK, Trait.AT_RISK),
        *(Trait.DRIFTED, Trait.PINNED, Trait.SUSPENDED, Trait.MANAGED),
    }
)


def asks_for_workloads(terms: Iterable[Term], snapshot: Snapshot, images: Set[ImageKey]) -> bool:
    """Whether a query asks for what only workloads have, and for nothing that images have; `images` are those it finds.

    A name is that of workloads where it is in none of the names of the images, which were then found with what runs them.
    """
    asked = [term for term in terms if not term.negated]
    if any(term.key is not Key.IS and term.key not in _OF_WORKLOADS | _OF_EITHER for term in asked):
        return False
    traits = {term.value for term in asked if term.key is Key.IS}
    if traits - _TRAITS - {Trait.FAULTY}:
        return False
    if traits & _TRAITS or any(term.key in _OF_WORKLOADS for term in asked):
        return True
    words = [term.value for term in asked if term.key is Key.WORD]
    return bool(words) and not _is_in_names(words, snapshot, images)


def finds_workloads_alone(terms: Iterable[Term], images: Set[ImageKey], workloads: Set[ObjectKey]) -> bool:
    """Whether what a query finds are workloads: those that do not start have another image than they run, or none is known."""
    asks_why = any(term.key is Key.IS and term.value == Trait.STUCK and not term.negated for term in terms)
    return bool(workloads) and (asks_why or not images)


def asked_vulnerability(terms: Iterable[Term]) -> Term | None:
    """The term that asks for a vulnerability or a vulnerable package, the first of several; None where none does."""
    return next((term for term in terms if term.key in (Key.CVE, Key.PKG) and not term.negated), None)


def _is_in_names(words: Iterable[str], snapshot: Snapshot, images: Set[ImageKey]) -> bool:
    """Whether any of the words is in the name of an image, in one of its tags, or the beginning of its digest."""
    matchers = [text_matcher(word.partition("@")[0]) for word in words]
    for key in paced(images):
        image = snapshot.images.get(key)
        name = str(key.name)
        texts = [*(f"{name}:{tag}" for tag in image.tags), *image.digests] if image is not None else []
        if any(matches(text.lower()) for matches in matchers for text in (name, *texts)):
            return True
    return False

"""Why it could not be told of images whether a question finds them, in the words that rows have for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

from tui.domain.common.trust import CheckName, State
from tui.domain.facts.events import SourceKind, SourceState
from tui.domain.query.index import QueryIndex
from tui.domain.query.language import Key, Term, Trait
from tui.domain.snapshot.snapshot import Image, ImageKey, Snapshot, UnknownBase

__all__ = ["UndecidedReason", "undecided_reasons"]

_OF_CHECK: Mapping[str, CheckName] = {
    Trait.SIGNED: CheckName.SIGNATURE,
    Trait.UNSIGNED: CheckName.SIGNATURE,
    Trait.OUTDATED: CheckName.BASE,
}


class UndecidedReason(msgspec.Struct, frozen=True):
    """A reason in a few words, as checks have it beside a row, and of how many images it is why."""

    words: str
    images: int


def undecided_reasons(index: QueryIndex, undecided: Mapping[ImageKey, Term]) -> tuple[UndecidedReason, ...]:
    """Why it could not be told, by the condition of each image that could not; the most frequent reason first."""
    counts = Counter(_reason(index, key, term) for key, term in undecided.items())
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(UndecidedReason(words, images) for words, images in ordered)


def _reason(index: QueryIndex, key: ImageKey, term: Term) -> str:
    snapshot = index.snapshot
    image = snapshot.images.get(key)
    if image is None:
        return "not known"
    match term.key:
        case Key.CVE | Key.PKG | Key.SEV:
            return _of_scans(image)
        case Key.BASE:
            return _open_end(snapshot, key)
        case Key.VERDICT:
            return _of_checks(image, None)
        case Key.CHECK:
            return _of_checks(image, CheckName(term.value.partition("=")[0]))
        case Key.IS if term.value in _OF_CHECK:
            return _of_checks(image, _OF_CHECK[term.value])
        case Key.IS if term.value == Trait.AT_RISK and (risk := index.risks.of(image)) is not None and risk.brief:
            return risk.brief
        case Key.IS if term.value in (Trait.TAGGED, Trait.UNTAGGED):
            return "tags not listed"
        case Key.AGE:
            return "age unknown"
        case Key.DRIFT | Key.IS if _is_asked_of_registry(term):
            return _of_registry(snapshot, key)
        case _:
            return _of_clusters(snapshot)


def _is_asked_of_registry(term: Term) -> bool:
    return term.key is Key.DRIFT or term.value in (Trait.DRIFTED, Trait.ABSENT, Trait.ROOT, Trait.MULTIARCH)


def _of_registry(snapshot: Snapshot, key: ImageKey) -> str:
    """What of a registry is missing that would tell what a name means now."""
    states = {source.id.name: source.state for source in snapshot.sources if source.kind is SourceKind.REGISTRY}
    match states.get(key.registry):
        case SourceState.OFF:
            return f"{key.registry} not asked"
        case SourceState.FAILED:
            return f"{key.registry} not answering"
        case SourceState.LOADING:
            return f"{key.registry} loading"
        case _:
            return "tag not resolved" if key.registry in states else "registry not known"


def _of_clusters(snapshot: Snapshot) -> str:
    unheard = [
        source.id.name
        for source in snapshot.sources
        if source.kind is SourceKind.CLUSTER and source.state not in (SourceState.OK, SourceState.OFF)
    ]
    if len(unheard) == 1:
        return f"{unheard[0]} without an answer"
    return f"{len(unheard)} clusters not heard" if unheard else "no cluster answers"


def _of_scans(image: Image) -> str:
    for check in image.checks:
        if check.name is CheckName.SCAN and check.state is State.UNKNOWN and check.brief:
            return check.brief
    return "no whole and recent report" if image.scans else "not scanned"


def _of_checks(image: Image, name: CheckName | None) -> str:
    """The check that could not be told, whichever it is where none is asked for."""
    unknown = [
        check for check in image.checks if (name is None or check.name is name) and check.state in (State.UNKNOWN, State.OFF)
    ]
    return next((check.brief or f"{check.name} unknown" for check in unknown), "not judged")


def _open_end(snapshot: Snapshot, key: ImageKey) -> str:
    """Why nobody knows what is below an image: where its chain ends in something that is not known to stand on nothing."""
    visited: set[ImageKey] = set()
    current = key
    while current not in visited:
        visited.add(current)
        node = snapshot.images.get(current) or snapshot.bases.get(current)
        if node is None:
            return "base not known"
        if node.base is None:
            return "base not readable" if isinstance(node, UnknownBase) or node.absent else "base unknown"
        current = node.base.base
    return "base unknown"

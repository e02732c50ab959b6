"""Two images side by side: what ran before and what the name means now, or two images that are marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from tui.domain.answers.comparing import Alike, Comparison, compare, compare_configurations
from tui.domain.answers.moves import Move, moves_among
from tui.domain.facts.inquiries import Inquiries
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import Image, Snapshot
from tui.errors import TrustreeError
from tui.presenters.answers.moves import move_sentences
from tui.presenters.keys import RowSubject
from tui.presenters.phrases import image_name
from tui.presenters.tabs.lines import images_of, wrapped
from tui.presenters.tabs.spec import Drawing, Inquiry, SectionContext
from tui.presenters.words import short_hex
from widgets.rows import Span, TextLine
from widgets.text import wrap

__all__ = ["pair_inquiry", "side_by_side"]

LABEL = 13
_ROLE = {Alike.SAME: "dim", Alike.DIFFERENT: "warn", Alike.UNKNOWN: "unknown"}
_ALONE = "No name moved here, so there is nothing to compare. Mark two images (Space) to see them side by side."
Pair = tuple[Image, Image]


def _pair(subject: RowSubject, snapshot: Snapshot) -> Pair | None:
    """Before and now; two images that are marked, the older first."""
    if subject.image is not None and subject.other_image is not None:
        marked = [snapshot.images[key] for key in (subject.image, subject.other_image) if key in snapshot.images]
        marked.sort(key=lambda image: (image.pushed or image.created or snapshot.as_of, image.key))
        return (marked[0], marked[1]) if len(marked) == 2 else None
    move = _move(subject, snapshot)
    before = snapshot.images.get(move.before[0]) if move is not None and move.before else None
    now = snapshot.images.get(move.current) if move is not None and move.current is not None else None
    return (before, now) if before is not None and now is not None else None


def _move(subject: RowSubject, snapshot: Snapshot) -> Move | None:
    """What moved under the row: of its workload, or of the workloads that run its image."""
    users: Sequence[ObjectKey] = (subject.workload,) if subject.workload is not None else ()
    images = [row.key for row in images_of(subject, snapshot) if row.key is not None]
    if not users:
        users = [user for key in images for user in snapshot.users.get(key, ())]
    moves = moves_among(snapshot, dict.fromkeys(users)).moves
    about = [move for move in moves if not subject.is_image_inside or subject.image in (move.current, *move.before)]
    return next(iter(about), None)


def side_by_side(subject: RowSubject, context: SectionContext) -> Sequence[TextLine]:
    """What moved under the row, and both images; two that are marked, where two are."""
    pair, move = _pair(subject, context.snapshot), None if subject.other_image is not None else _move(subject, context.snapshot)
    lines: list[TextLine] = []
    for sentence in move_sentences(move, context.now) if move is not None else ():
        if sentence.label != "trust":
            lines += _labelled(sentence.label, sentence.words, context.width)
    if pair is None:
        return lines or wrapped(_ALONE, "dim", context.width)
    titles = ("before", "now") if move is not None else ("older", "newer")
    lines += [TextLine(), *_heads(pair, titles, context)]
    for row in compare(*pair, context.snapshot):
        lines += _row(row, context)
    return lines


def _labelled(label: str, words: str, width: int) -> Iterator[TextLine]:
    first, *continuation = wrap(words, max(20, width - LABEL - 2))
    yield TextLine((Span(f" {label:<{LABEL}}", "dim"), Span(first)))
    yield from (TextLine((Span(" " * (LABEL + 1) + part),)) for part in continuation)


def _heads(pair: Pair, titles: tuple[str, str], context: SectionContext) -> Iterator[TextLine]:
    for title, image in zip(titles, pair, strict=True):
        glyph = context.glyphs.of(image.verdict)
        name = f"{image_name(image)}  {short_hex(image.key.digest)}" if image.tags else image_name(image)
        first, *continuation = wrap(name, max(20, context.width - LABEL - 4))
        yield TextLine((Span(f" {title:<{LABEL}}", "dim"), glyph, Span(f" {first}", "bold")))
        yield from (TextLine((Span(" " * (LABEL + 3) + part, "bold"),)) for part in continuation)


def _row(row: Comparison, context: SectionContext) -> Iterator[TextLine]:
    """One line where both fit side by side, or are the same; else one under the other."""
    role = _ROLE[row.alike]
    before, after = row.before or "not known", row.after or "not known"
    room = max(16, context.width - LABEL - 2)
    if row.alike is Alike.SAME:
        words = [f"same: {after}"]
    elif len(before) + len(after) + 4 <= room:
        words = [f"{before} {context.glyphs.arrow}{after}"]
    else:
        words = [before, f"{context.glyphs.arrow}{after}"]
    lead = f" {row.what:<{LABEL}}" if len(row.what) < LABEL else f" {row.what}"
    if len(row.what) >= LABEL:
        yield TextLine((Span(lead, "dim"),))
        lead = " " * (LABEL + 1)
    for part in (part for word in words for part in wrap(word, room)):
        yield TextLine((Span(lead, "dim"), Span(part, role)))
        lead = " " * (LABEL + 1)


def pair_inquiry(subject: RowSubject, snapshot: Snapshot) -> Inquiry | None:
    """The configurations of both, which tell their layers and labels."""
    pair = _pair(subject, snapshot)
    if pair is None or any(image.absent or not image.config_digests for image in pair):
        return None
    about = tuple((image.key, image.config_digests[0]) for image in pair)
    return Inquiry(about, "2 configurations", partial(_read, pair))


async def _read(pair: Pair, inquiries: Inquiries) -> Drawing:
    """The configurations of a platform that both have. Raises TrustreeError."""
    before, now = [await inquiries.configuration(image.name, image.config_digests[0]) for image in pair]
    rows = compare_configurations(before, now)
    if not rows:
        raise TrustreeError("A configuration is not in a known form.", "The tab Raw shows both.")
    several = any(len(image.config_digests) > 1 for image in pair)
    return partial(_drawn, rows, several)


def _drawn(rows: Sequence[Comparison], several: bool, context: SectionContext) -> Sequence[TextLine]:
    lines = [line for row in rows for line in _row(row, context)]
    more = "Of several platforms the first of each is compared." if several else ""
    return [*lines, *wrapped(more, "dim", context.width)]

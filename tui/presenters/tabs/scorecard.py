"""How a part of the estate stands: bars for each question, what is covered, how it was before, and what is worst."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tui.domain.answers.scorecard import Coverage, Scope, Scorecard
from tui.domain.answers.trend import trend_of
from tui.domain.common.trust import BAD_FIRST, CheckName, State
from tui.domain.snapshot.snapshot import ImageKey
from tui.presenters.glyphs import ROLE, mix
from tui.presenters.phrases import briefs, image_name
from tui.presenters.tabs.lines import remark, wrapped
from tui.presenters.tabs.spec import SectionContext
from tui.presenters.words import VERDICTS, count, plural
from widgets.rows import Cell, Span, TextLine
from widgets.text import fit

__all__ = ["scorecard_lines"]

NAME, SHORT_BAR, BAR, WIDE_BAR = 11, 8, 16, 28
NARROW, WIDE = 50, 70


def scorecard_lines(scope: Scope, look: SectionContext) -> list[TextLine]:
    """The scorecard of a scope; that it is being counted, where that is not done yet."""
    card = look.scorecard(scope)
    if card is None:
        return [remark("Counting what runs here.")]
    if not card.images:
        idle = sum(card.workloads.values())
        return [remark(f"No image that is known runs here; there {'is' if idle == 1 else 'are'} {plural(idle, 'workload')}.")]
    return [*_mixes(card, look), *_covered(card, look), *_trend(scope, card, look), *_findings(card, look), *_worst(card, look)]


def _mixes(card: Scorecard, look: SectionContext) -> Iterator[TextLine]:
    workloads = sum(card.workloads.values())
    facts = (f"{plural(card.images, 'image')} running", plural(workloads, "workload"), plural(card.pods, "pod"))
    yield from wrapped(look.glyphs.dot.join(facts), "bold", look.width)
    yield _bar("images", card.verdicts, look)
    yield _bar("workloads", card.workloads, look)
    for name in CheckName:
        yield _bar(name.value, card.checks.get(name, {}), look)
    yield TextLine()


def _bar(name: str, counts: Mapping[State, int], look: SectionContext) -> TextLine:
    """A question, the mix of its answers as a bar and in numbers; what the policy does not ask says so."""
    numbers = [counts.get(state, 0) for state in BAD_FIRST]
    title = Span(f" {name:<{NAME}}", "dim")
    if not any(numbers):
        return TextLine((title, Span("not asked", "dim")))
    width = WIDE_BAR if look.width >= WIDE else BAR if look.width >= NARROW else SHORT_BAR
    spans: list[Span] = [Span("  ")]
    for state, number in zip(BAD_FIRST, numbers, strict=True):
        if number:
            spans.append(Span(f"{look.glyphs.states[state]} {count(number)} ", ROLE[state]))
    return TextLine((title, *mix(numbers, width, look.glyphs.bar), *spans))


def _covered(card: Scorecard, look: SectionContext) -> list[TextLine]:
    parts = [_share(card.scanned, card.images, "scanned"), _share(card.signed, card.images, "signed")]
    return [*wrapped(look.glyphs.dot.join(parts), "", look.width)]


def _trend(scope: Scope, card: Scorecard, look: SectionContext) -> list[TextLine]:
    """`+3 fail, -1 unknown since 2026-11-28`, of the images that run; empty where nothing is known of before."""
    trend = trend_of(look.last_mark, scope, card)
    if trend is None:
        return [TextLine()]
    changes = [f"{change:+,} {VERDICTS[state]}" for state, change in trend.changes]
    since = f"{trend.since.astimezone():%Y-%m-%d}"
    if trend.since.astimezone().date() == look.now.astimezone().date():
        since = f"{trend.since.astimezone():%H:%M}"
    words = f"{', '.join(changes)} since {since}" if changes else f"the same numbers as at {since}"
    return [*wrapped(words, "dim", look.width), TextLine()]


def _share(coverage: Coverage, images: int, word: str) -> str:
    """Never rounded up to all of them: `99% scanned` where one of a thousand is not."""
    share = coverage.covered * 100 // images
    unknown = f" ({count(coverage.unknown)} unknown, not counted)" if coverage.unknown else ""
    return f"{share}% {word}{unknown}"


def _findings(card: Scorecard, look: SectionContext) -> Iterator[TextLine]:
    if not card.findings:
        return
    of_all = f" of {count(card.problems)}" if card.problems > len(card.findings) else ""
    yield TextLine((Span(f" Worst findings{of_all}", "dim"),))
    for finding in card.findings:
        pods = f"{plural(finding.pods, 'pod')} " if finding.pods else f"{plural(len(finding.images), 'image')} "
        room = look.width - len(pods) - 5
        yield TextLine(
            (Span(" "), look.glyphs.of(finding.state), Span(f" {fit(finding.what, max(8, room))}")), (Span(pods, "dim"),)
        )
    yield TextLine()


def _worst(card: Scorecard, look: SectionContext) -> Iterator[TextLine]:
    if not card.worst:
        return
    yield TextLine((Span(" Worst images", "dim"),))
    yield from (_image(key, pods, look) for key, pods in card.worst if key in look.snapshot.images)


def _image(key: ImageKey, pods: int, look: SectionContext) -> TextLine:
    image = look.snapshot.images[key]
    words: Cell = (Span("  "), *briefs(image.checks, look.glyphs.dot))
    return TextLine(
        (Span(" "), look.glyphs.of(image.verdict), Span(f" {image_name(image)}"), *words),
        (Span(f"{plural(pods, 'pod')} ", "dim"),),
    )

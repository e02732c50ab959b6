"""How the sources do: progress while loading, what is missing and why, and each source in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from tui.domain.common.source_id import ESTATE_KINDS, SourceKind
from tui.domain.common.text import capitalized, full_stop
from tui.domain.facts.health import Denial, Progress, SourceHealth, SourceState
from tui.domain.snapshot.snapshot import Snapshot
from tui.errors import TrustreeError
from tui.presenters.glyphs import Glyphs
from tui.presenters.health import denied, rank, standing
from tui.presenters.words import age, count, plural
from widgets.rows import Cell, Span, TextLine
from widgets.text import fit, wrap

__all__ = ["denial_lines", "error_lines", "nothing_lines", "notice_lines", "progress_lines", "source_lines", "starting_lines"]

BAR, NAME = 24, 30
SHORT_BAR, SHORT_NAME = 10, 19
ROOMY = 110
"""From how many columns on a source has its long name and bar; below, what is counted and waited for needs the room."""
STATE_ROLE = {
    SourceState.LOADING: "accent",
    SourceState.OK: "pass",
    SourceState.PARTIAL: "warn",
    SourceState.FAILED: "fail",
    SourceState.OFF: "dim",
}


def progress_lines(snapshot: Snapshot, width: int, glyphs: Glyphs, *, low: bool = False) -> list[TextLine]:
    """One line for each source that still loads: bar, counts, requests a second, and what it waits for.

    One for all of them where the screen is `low`: the rows need the others.
    """
    loading = [health for health in snapshot.sources if health.state is SourceState.LOADING]
    lines = [line for health in loading for line in _source_progress(health, width, glyphs)]
    if low and len(lines) > 1:
        return [_progress_of_all(loading, snapshot, glyphs)]
    return lines[:6] if len(lines) <= 6 else [*lines[:5], TextLine((Span(f" and {len(lines) - 5} more", "dim"),))]


def _progress_of_all(loading: Sequence[SourceHealth], snapshot: Snapshot, glyphs: Glyphs) -> TextLine:
    """`loading 14 / 20 sources · images 62 / 141`: what waits, and what is counted most."""
    sources_on = [health for health in snapshot.sources if health.state is not SourceState.OFF]
    read: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for progress in (progress for health in loading for progress in health.progress):
        read[progress.unit] += progress.done
        total[progress.unit] += progress.total or 0
    units = [
        f"{unit} {count(read[unit])}" + (f" / {count(total[unit])}" if total[unit] > read[unit] else "")
        for unit, _ in total.most_common(3)
    ]
    slowest = max(
        (progress for health in loading for progress in health.progress), key=lambda counter: counter.waiting, default=None
    )
    waits = [f"waiting {slowest.waiting:.0f} s: {slowest.waiting_reason}"] if slowest and slowest.waiting > 0 else []
    sources = f" loading {count(len(sources_on) - len(loading))} / {plural(len(sources_on), 'source')}"
    return TextLine((Span(sources, "accent"), Span("".join(f"{glyphs.dot}{words}" for words in (*waits, *units)), "dim")))


def starting_lines() -> list[TextLine]:
    """Before anything is known."""
    return [TextLine(), TextLine((Span("  Reading the estate", "bold"), Span("  clusters first, then what runs in them", "dim")))]


def notice_lines(snapshot: Snapshot, width: int, narrowed: str, untold: Sequence[str] = (), hint: str = "") -> list[TextLine]:
    """What to say when there is no row: what is missing, why, and what to do; `hint` is what else a filter could have meant."""
    if narrowed and snapshot.number:
        loading = sum(health.state is SourceState.LOADING for health in snapshot.sources)
        if loading:
            return _nothing_yet(narrowed, loading, hint, width)
        return _nothing_matches(narrowed, untold, _unread(snapshot), hint, width)
    if not snapshot.number or any(health.state is SourceState.LOADING for health in snapshot.sources):
        return starting_lines()
    sick = [health for health in snapshot.sources if health.state.lacks_something]
    if not sick:
        return _nothing_there(snapshot, width)
    lines = _titled("Nothing could be read", "", width)
    for health in sorted(sick, key=standing):
        lines += [*_source(health, snapshot.as_of, width), TextLine()]
    return lines


def _unread(snapshot: Snapshot) -> int:
    """How many clusters and registries, where what matches could be, were not read, or not whole."""
    estate = (health for health in snapshot.sources if health.kind in ESTATE_KINDS)
    return sum(health.state.lacks_something for health in estate)


def _nothing_matches(narrowed: str, untold: Sequence[str], unread: int, hint: str, width: int) -> list[TextLine]:
    """Nothing found is not the same as nothing there, when some of it cannot be told."""
    if not untold:
        unread_words = f"{unread} of the clusters and registries could not be read in full; s shows what is missing. "
        missing = unread_words if unread else ""
        title = f"Nothing {'that was read ' if unread else ''}matches {narrowed}"
        return _titled(title, f"{missing}{f'{hint} ' if hint else ''}Esc clears the filter; / changes it.", width)
    lines = _titled(f"Nothing is known to match {narrowed}", "", width)
    unsure = (
        f"Of {' and '.join(untold)} the answer is not known: what would answer it was not read. s shows what can be read. {hint}"
    )
    lines[2:] = [TextLine((Span(f"  {part}", "unknown"),)) for part in wrap(unsure, width - 4)]
    return [*lines, TextLine((Span("  Esc clears the filter; / changes it.", "dim"),))]


def _nothing_yet(narrowed: str, loading: int, hint: str, width: int) -> list[TextLine]:
    """What has not been read may still match."""
    verb = "is" if loading == 1 else "are"
    still = f"{plural(loading, 'source')} {verb} still loading. {hint} Esc clears the filter; / changes it."
    return _titled(f"Nothing that has been read yet matches {narrowed}", " ".join(still.split()), width)


def _nothing_there(snapshot: Snapshot, width: int) -> list[TextLine]:
    """Everything that was asked answered, and there is nothing."""
    kinds = [health.kind for health in snapshot.sources if health.state is not SourceState.OFF]
    if not kinds:
        return _titled(
            "No cluster and no registry was named", "Name a context with --context, a registry with --registry.", width
        )
    counted = [plural(kinds.count(kind), kind) for kind in ESTATE_KINDS if kind in kinds]
    summary = f"{' and '.join(counted)} answered: nothing runs in the namespaces that were read, and no registry holds an image."
    lines = _titled("No workloads and no images", summary, width)
    step = "Other places: --context, --all-contexts, -n NAMESPACE, --registry. R reads again, s shows every source."
    return [*lines, *(TextLine((Span(f"  {part}", "dim"),)) for part in wrap(step, width - 4))]


def error_lines(error: TrustreeError, width: int) -> list[TextLine]:
    """An error that keeps the estate from opening, with the next step."""
    lines = [TextLine(), TextLine((Span(" "), Span(" CANNOT START ", "badge-fail"))), TextLine()]
    lines += [TextLine((Span(f" {part}", "bold"),)) for part in wrap(error.headline, width - 4)]
    if error.remedy:
        lines += [TextLine(), *(TextLine((Span(f" {part}", "dim"),)) for part in wrap(error.remedy, width - 4))]
    return [
        *lines,
        TextLine(),
        TextLine((Span(" R", "accent bold"), Span(" try again   ", "dim"), Span("q", "accent bold"), Span(" quit", "dim"))),
    ]


def source_lines(snapshot: Snapshot, now: datetime, width: int) -> list[TextLine]:
    """Every source in full, the sick ones first."""
    lines: list[TextLine] = []
    for health in sorted(snapshot.sources, key=rank):
        lines += [*_source(health, now, width), TextLine()]
    return lines or [TextLine((Span(" No source is known yet.", "dim"),))]


def _source_progress(health: SourceHealth, width: int, glyphs: Glyphs) -> Iterator[TextLine]:
    room, bar = (NAME, BAR) if width >= ROOMY else (SHORT_NAME, SHORT_BAR)
    name = Span(f" {fit(_short(health), room):<{room}} ", "")
    if not health.progress:
        yield TextLine((name, Span(glyphs.strip * bar, "line"), Span("  connecting", "dim")))
    for progress in health.progress:
        if progress.total is None or progress.done < progress.total or len(health.progress) == 1:
            yield TextLine((name, *_bar(progress, bar, glyphs), Span("  "), *_counts(progress, glyphs)))


def _bar(progress: Progress, length: int, glyphs: Glyphs) -> Cell:
    if not progress.total:
        return (Span(glyphs.strip * length, "line"),)
    filled = min(length, length * progress.done // progress.total)
    return (Span(glyphs.strip * filled, "accent"), Span(glyphs.strip * (length - filled), "line"))


def _counts(progress: Progress, glyphs: Glyphs) -> Cell:
    total = f" / {count(progress.total)}" if progress.total is not None else ""
    rate = f"{glyphs.dot}{progress.rate:.0f} req/s" if progress.rate >= 1 else ""
    spans = [Span(progress.unit, "dim"), Span(f" {count(progress.done)}{total}"), Span(rate, "dim")]
    if progress.waiting > 0:
        spans.append(Span(f"{glyphs.dot}waiting {progress.waiting:.0f} s: {progress.waiting_reason}", "warn"))
    return tuple(spans)


def nothing_lines(sentence: str, width: int) -> list[TextLine]:
    """What a view says that has no rows yet."""
    return [TextLine(), *(TextLine((Span(f"  {part}", "dim"),)) for part in wrap(sentence, width - 4))]


def _titled(title: str, text: str, width: int) -> list[TextLine]:
    lines = [TextLine(), TextLine((Span(f"  {title}", "bold"),))]
    return [*lines, *(TextLine((Span(f"  {part}", "dim"),)) for part in wrap(text, width - 4) if part), TextLine()]


def _source(health: SourceHealth, now: datetime, width: int) -> Iterator[TextLine]:
    facts = [
        plural(health.objects, "object") if health.objects else "",
        plural(health.requests, "request") if health.requests else "",
        f"as {health.identity}" if health.identity else "",
    ]
    right = f"{age(health.as_of, now)} ago " if health.as_of else "never read "
    state = "live" if health.live and health.state is SourceState.OK else "not confirmed" if health.stale else health.state.value
    yield TextLine((Span(f"  {health.id}", "bold"), Span(f"  {state}", STATE_ROLE[health.state])), (Span(right, "dim"),))
    summary = ", ".join(fact for fact in (health.endpoint, *facts) if fact)
    yield from _lines(summary, "dim", width)
    for remark in health.remarks:
        yield from _lines(remark, "warn", width)
    for remedy, sentences in _by_remedy(health).items():
        for sentence in sentences:
            yield from _lines(sentence, "unknown", width)
        yield from _lines(remedy, "accent", width)


def _by_remedy(health: SourceHealth) -> dict[str, list[str]]:
    """What is wrong with a source, by what helps: each sentence once, and each remedy once below all that it is for."""
    untold = [denial for denial in health.denials if not _is_told(denial, health)]
    sentences_by_remedy: dict[str, list[str]] = {}
    refusals = ((full_stop(capitalized(sentence)), remedy) for sentence, remedy in denied(untold))
    for sentence, remedy in ((health.error, health.remedy), *refusals):
        sentences = sentences_by_remedy.setdefault(remedy, [])
        if sentence and sentence not in sentences:
            sentences.append(sentence)
    return sentences_by_remedy


def _is_told(denial: Denial, health: SourceHealth) -> bool:
    """Whether the error of the whole source says it already: its only refusal, with the same step."""
    refusal = denial.right if denial.right else denial.reason
    return len(health.denials) == 1 and denial.remedy == health.remedy and bool(refusal) and refusal in health.error


def denial_lines(denials: Sequence[Denial], width: int, indent: int) -> Iterator[TextLine]:
    """What may not or could not be read, and the next step."""
    for sentence, remedy in denied(denials):
        yield from _lines(sentence, "unknown", width, indent)
        yield from _lines(remedy, "accent", width, indent)


def _lines(text: str, role: str, width: int, indent: int = 4) -> Iterator[TextLine]:
    if text:
        yield from (TextLine((Span(" " * indent + part, role),)) for part in wrap(text, max(20, width - indent - 2)))


def _short(health: SourceHealth) -> str:
    return str(health.id) if health.kind is SourceKind.ARM else health.id.label

"""The lines above the tree: whose estate this is, how it is, and where the operator is in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import NamedTuple

from tui.domain.common.source_id import ESTATE_KINDS, SourceKind
from tui.domain.common.trust import BAD_FIRST, State
from tui.domain.facts.health import SourceHealth, SourceState
from tui.domain.snapshot.snapshot import Snapshot
from tui.presenters.glyphs import ROLE, Glyphs, mix, worded
from tui.presenters.health import rank, severity
from tui.presenters.running import NOTHING_RUNS, End, Running, running_parts
from tui.presenters.views.spec import ViewSpec
from tui.presenters.words import age, clock, count, plural
from widgets.columns import cell_width
from widgets.rows import Cell, Span, TextLine
from widgets.text import ELLIPSIS, fit, width_of

__all__ = ["HEIGHT", "NARROW", "Count", "Position", "count_at", "header_lines", "view_at"]

_MINUTE = timedelta(minutes=1)
NARROW = 110
HEIGHT = 4
"""How many lines the header takes: where it is narrow the picture of the estate has its own line, and the checks have none."""


class Position(NamedTuple):
    """Where the operator is: the views there are, the one shown, and the filter with what it lets through.

    `counts` are numbers that stand beside the names of views, by their ids, `busy` how much is being
    done; `stopped` says that nothing is renewed any more;
    `hidden` of the marked rows are not among those shown;
    `unsorted`: what came last stands below, not in its place;
    `running` is how the checks of the images that run end;
    `narrows`: whether the filter narrows what is shown; `counting`: it is not known yet what it lets through, and `shown` is
    of the one before.
    """

    views: Sequence[ViewSpec]
    view: ViewSpec
    query: str = ""
    shown: int | None = None
    undecided: int = 0
    faults: bool = False
    readonly: bool = True
    about: str = ""
    marked: int = 0
    unsorted: bool = False
    hidden: int = 0
    counts: Mapping[str, int] = {}
    busy: Mapping[str, int] = {}
    stopped: bool = False
    running: Running = NOTHING_RUNS
    narrows: bool = True
    counting: bool = False


Count = State | End
"""What a number of the header counts: images of a verdict, or what runs and has a check that ends so."""
_Parts = list[tuple[Count | None, Cell]]


def header_lines(snapshot: Snapshot, place: Position, now: datetime, width: int, glyphs: Glyphs) -> list[TextLine]:
    """Brand and scope, the verdicts as a picture and as counts, the checks of what runs, and the views with the filter."""
    brand = TextLine(_brand(snapshot), _pulse(snapshot, place, now, width, glyphs))
    chosen = _filter(place, snapshot, width)
    tabs = TextLine(tuple(chain.from_iterable(cell for _, cell in _tabs(place, glyphs, width - cell_width(chosen)))), chosen)
    verdicts, checks = _count_lines(snapshot, place, width, glyphs)
    counts = TextLine(_joined(verdicts), _chips(snapshot, glyphs, width))
    if width < NARROW:
        numbers = [snapshot.summary.images.get(state, 0) for state in BAD_FIRST]
        return [brand, TextLine((Span(" "), *_strip(numbers, width - 2, glyphs))), counts, tabs]
    return [brand, counts, TextLine(_joined(checks)), tabs]


def count_at(snapshot: Snapshot, place: Position, spot: tuple[int, int], width: int, glyphs: Glyphs) -> Count | None:
    """What is counted at a line and a cell of it."""
    line, cell = spot
    verdicts, checks = _count_lines(snapshot, place, width, glyphs)
    lines = {2: verdicts} if width < NARROW else {1: verdicts, 2: checks}
    for target, part in lines.get(line, []):
        cell -= cell_width(part)
        if cell < 0:
            return target
    return None


def _count_lines(snapshot: Snapshot, place: Position, width: int, glyphs: Glyphs) -> tuple[_Parts, _Parts]:
    """The numbers of verdicts, and of how checks end, in their parts; what the filter asks for stands out."""
    verdict, end = _asked(place.query)
    chips = cell_width(_chips(snapshot, glyphs, width))
    counts = _verdict_parts(snapshot, glyphs, words=width >= NARROW, chosen=verdict)
    if width >= NARROW and cell_width(_joined(counts)) + chips + 28 > width:
        counts = _verdict_parts(snapshot, glyphs, words=False, chosen=verdict)
    if width < NARROW:
        return [(None, (Span(" "),)), *counts], []
    numbers = [snapshot.summary.images.get(state, 0) for state in BAD_FIRST]
    strip_width = max(16, min(width * 9 // 25, width - cell_width(_joined(counts)) - chips - 6))
    picture = (Span(" "), *_strip(numbers, strip_width, glyphs), Span("  "))
    return [(None, picture), *counts], [*running_parts(place.running, width, glyphs, end)]


def _asked(query: str) -> tuple[State | None, End | None]:
    if not query:
        return None, None
    from tui.domain.query.refine import asked_check, asked_verdict  # not before somebody filters

    return asked_verdict(query), asked_check(query)


def _verdict_parts(snapshot: Snapshot, glyphs: Glyphs, *, words: bool, chosen: State | None = None) -> _Parts:
    """The key that goes through them, and each of them."""
    parts: _Parts = [(None, (Span("v ", "accent"),))]
    for state in BAD_FIRST:
        number = snapshot.summary.images.get(state, 0)
        role = ROLE[state] if number else "dim"
        badge = f"badge-{ROLE[state]}" if state is chosen else f"{role} bold" if number else role
        after = f" {worded(state, number)}" if words else ""
        gap = "" if state is BAD_FIRST[-1] else "  "
        parts.append((state, (Span(f"{glyphs.states[state]} {count(number)}", badge), Span(f"{after}{gap}", "dim"))))
    return parts


def _joined(parts: Iterable[tuple[object, Cell]]) -> Cell:
    return tuple(chain.from_iterable(cell for _, cell in parts))


def _strip(numbers: Sequence[int], width: int, glyphs: Glyphs) -> Cell:
    return mix(numbers, width, glyphs.strip) or (Span(glyphs.strip * width, "line"),)


def _brand(snapshot: Snapshot) -> Cell:
    clusters = [health.id.name for health in snapshot.sources if health.kind is SourceKind.CLUSTER]
    registries = [
        health for health in snapshot.sources if health.kind is SourceKind.REGISTRY and health.state is not SourceState.OFF
    ]
    spans = [Span(" trustree ", "badge-brand"), Span("  ")]
    if clusters:
        spans.append(Span(clusters[0], "bold"))
        spans.append(Span("".join(f" + {name}" for name in clusters[1:3]), "dim"))
        spans.append(Span(f" +{len(clusters) - 3}" if len(clusters) > 3 else "", "dim"))
    if registries:
        first = max(registries, key=lambda health: health.objects).id.label
        more = f" +{len(registries) - 1}" if len(registries) > 1 else ""
        spans.append(Span(f"   {first}{more}", "dim"))
    return tuple(spans)


def _pulse(snapshot: Snapshot, place: Position, now: datetime, width: int, glyphs: Glyphs) -> Cell:
    rights = Span("read-only   " if place.readonly and width >= 100 else "", "dim")
    if not snapshot.number:
        return (rights, Span(" starting ", "badge-unknown"), Span(" "))
    configured = [health for health in snapshot.sources if health.state is not SourceState.OFF]
    estate = [health for health in configured if health.kind is SourceKind.CLUSTER]
    estate = estate or [health for health in configured if health.kind is SourceKind.REGISTRY]
    confirmed = _oldest(snapshot)
    since = age(confirmed, now)
    if place.stopped:
        badge = Span(" stopped ", "badge-fail")
    elif any(health.state is SourceState.LOADING for health in configured):
        badge = Span(" loading ", "badge-brand")
    elif estate and all(health.state is SourceState.FAILED for health in estate):
        if all(health.as_of is None for health in estate):
            return (rights, Span(" not read ", "badge-fail"), Span(" "))
        badge = Span(" lost ", "badge-fail")
    elif any(health.live for health in configured if health.kind in ESTATE_KINDS):
        # A second hand would write to the terminal every second only to say that nothing happened.
        badge, since = Span(" live ", "badge-live"), "<1m" if now - confirmed < _MINUTE else since
    else:
        badge = Span(f" {since} old ", "badge-warn")
    exact = clock(confirmed) if not since.startswith("<") else clock(confirmed)[:5]
    moment = f" {exact}  {since:>3} ago" if width >= NARROW else f" {clock(confirmed)[:5]}"
    return (rights, badge, Span(moment, "dim"), Span(" "))


def _oldest(snapshot: Snapshot) -> datetime:
    """When the oldest of what still counts was confirmed: what is shown green is at least as young.

    Scanners are asked every few minutes and their reports say of when they are, so they are not what the clock is read for.
    """
    counted = (health for health in snapshot.sources if health.kind in ESTATE_KINDS and health.state.has_answered)
    return min((health.as_of for health in counted if health.as_of is not None and health.every), default=snapshot.as_of)


def _chips(snapshot: Snapshot, glyphs: Glyphs, width: int) -> Cell:
    """One chip for each source that is not well, and how many are."""
    configured = [health for health in snapshot.sources if health.state is not SourceState.OFF]
    # A context that is lost is told though another one reads its cluster: it was asked for.
    configured += [health for health in snapshot.sources if health.state is SourceState.OFF and health.lost]
    sick = sorted(filter(_is_sick, configured), key=rank)
    if not configured:
        return ()
    if not sick:
        well = sum(health.state is SourceState.OK for health in configured)
        return (Span(f"{well}/{plural(len(configured), 'source')} ok ", "dim"),)
    if width < NARROW:
        worst = "failed" if any(health.state is not SourceState.PARTIAL for health in sick) else "partial"
        return (Span(f"{glyphs.partial} ", "warn"), Span(f"{len(sick)} of {plural(len(configured), 'source')} {worst} ", "dim"))
    if len(sick) > 2:
        used = Counter(key.registry for key, workloads in snapshot.users.items() if workloads)
        sick.sort(key=lambda health: severity(health, used[health.id.name]))
    chips = [span for health in sick[:2] for span in _chip(health, glyphs, room=26)]
    more = f"+{len(sick) - 2}  " if len(sick) > 2 else ""
    return (*chips, Span(f"{more}{len(configured) - len(sick)}/{len(configured)} ok ", "dim"))


def _is_sick(health: SourceHealth) -> bool:
    return health.lost or health.state.lacks_something


def _chip(health: SourceHealth, glyphs: Glyphs, room: int) -> Cell:
    role = "warn" if health.state is SourceState.PARTIAL else "fail"
    name = health.id.label
    return (Span(f"{glyphs.partial} ", role), Span(fit(name, 18)), Span(f" {fit(_ailment(health), room)}  ", "dim"))


def _ailment(health: SourceHealth) -> str:
    """What is wrong with a source, in two or three words; the sources' page has the sentence."""
    if health.auth_failed:
        return "access refused"  # before any right that may be missing: nobody was there to have it
    if health.lost and health.lost_scopes:
        return f"{plural(len(health.lost_scopes), 'namespace')} lost"
    refused = [denial.what for denial in health.denials if denial.right]
    if refused:
        return f"no right to {refused[0]}" if len(refused) == 1 else f"{len(refused)} rights missing"
    if health.stale and health.as_of is not None:
        return f"not confirmed since {clock(health.as_of)[:5]}"
    if health.throttled:
        return "too many requests (429)"
    return "cannot be read" if health.state is not SourceState.PARTIAL else "partly read"


def view_at(snapshot: Snapshot, place: Position, cell: int, width: int, glyphs: Glyphs) -> ViewSpec | None:
    """The view whose name stands so many cells from the beginning of the line of views."""
    for view, spans in _tabs(place, glyphs, width - cell_width(_filter(place, snapshot, width))):
        cell -= cell_width(spans)
        if cell < 0:
            return view
    return None


def _tabs(place: Position, glyphs: Glyphs, room: int) -> list[tuple[ViewSpec | None, Cell]]:
    """The views; where there is no room, only the one that is shown has its name."""
    tabs = [_tab(view, place, glyphs, with_name=True) for view in place.views]
    if sum(map(cell_width, tabs)) + 2 >= room:
        tabs = [_tab(view, place, glyphs, with_name=view is place.view) for view in place.views]
    return [(None, (Span("  "),)), *zip(place.views, tabs, strict=True)]


def _tab(view: ViewSpec, place: Position, glyphs: Glyphs, *, with_name: bool) -> Cell:
    shown = view is place.view
    number, busy = place.counts.get(view.id), place.busy.get(view.id)
    return (
        Span(f"{view.key} ", "dim"),
        Span(view.name if with_name else "", "bold" if shown else "dim"),
        Span(f" {count(number)}" if number and with_name else "", "warn"),  # without its name it would be taken for a key
        Span(f" {count(busy)} {glyphs.proven}" if busy else "", "accent"),
        Span("   " if with_name else "  "),
    )


NOT_HERE = "not in this view"
"""Said beside a filter that narrows other views than the one that is shown."""
TABS_LEAST = 34
"""Cells of the views where only the one that is shown has its name."""


def _filter(place: Position, snapshot: Snapshot, width: int) -> Cell:
    """The filter, how much it lets through and what is marked, in the longest form that leaves room for the views."""
    below = "   new rows below" if place.unsorted else ""
    hidden = f", {place.hidden} of them hidden" if place.hidden else ""
    marked = Span(f"{below}   {place.marked} marked{hidden}" if place.marked else below, "accent")
    if not place.query and not place.faults and not place.about:
        return (marked, Span(" "))
    shown, total = _shown(place), count(len(snapshot.images))
    undecided = 0 if place.counting else place.undecided
    numbers = f"   {NOT_HERE}" if not place.narrows else f"   {shown} of {total}" if shown else ""
    short = f"   {NOT_HERE}" if not place.narrows else f"   {shown}" if shown else ""
    room = width - TABS_LEAST - cell_width((marked,)) - 1
    full = (Span(numbers, "dim"), Span(f"   {count(undecided)} cannot tell" if undecided else "", "unknown"))
    less = (Span(short, "dim"), Span(f"   {count(undecided)} ?" if undecided else "", "unknown"))
    words = _filter_words(place, 40, width_of(place.query), "faults only")
    for ends in (full, less):
        if cell_width((*words, *ends)) <= room:
            return (*words, *ends, marked, Span(" "))
    left = room - cell_width((*_filter_words(place, 0, 0, "faults"), *less))
    about = min(width_of(place.about), left if not place.query else left // 2)
    return (*_filter_words(place, about, max(0, left - about), "faults"), *less, marked, Span(" "))


def _shown(place: Position) -> str:
    """How many the filter lets through; while that is not known a sign as wide, so that nothing moves."""
    number = count(place.shown) if place.shown is not None else ""
    return ELLIPSIS.rjust(len(number)) if place.counting and number else number


def _filter_words(place: Position, about: int, query: int, faults: str) -> Cell:
    """What the filter says, in so many cells each."""
    spans = [Span(f"{fit(place.about, about)}  " if place.about else "", "accent")]
    spans += [Span("/ ", "accent bold"), Span(fit(place.query, query))] if place.query else []
    spans.append(Span(f"  {faults}" if place.query else faults, "warn") if place.faults else Span(""))
    return tuple(spans)

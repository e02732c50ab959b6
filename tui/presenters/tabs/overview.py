"""Every check of a row with its reason, source and age, and where it comes from and runs, in short."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tui.domain.answers.scorecard import Scope
from tui.domain.checks.containers import image_checks
from tui.domain.common.trust import Check, State
from tui.domain.facts.events import SourceHealth, SourceKind, SourceState
from tui.domain.snapshot.snapshot import Container, Image, ImageKey, UnknownBase
from tui.domain.workloads.counting import pods_with
from tui.presenters.keys import RowSubject
from tui.presenters.phrases import image_name, source_word
from tui.presenters.sources import denial_lines
from tui.presenters.tabs.lineage import lineage_section
from tui.presenters.tabs.lines import wrapped
from tui.presenters.tabs.scorecard import scorecard_lines
from tui.presenters.tabs.spec import SectionContext, TabSpec
from tui.presenters.words import age, brief_digests, plural
from widgets.rows import Cell, Span, TextLine
from widgets.text import wrap

__all__ = ["OVERVIEW", "overview"]

CHECK_NAME = 11
TIGHT = 24


def overview(subject: RowSubject, look: SectionContext) -> list[TextLine]:
    """Every check with reason, source, age and what would change it; for a place, how reading it goes."""
    snapshot = look.snapshot
    workload = snapshot.workloads.get(subject.workload) if subject.workload else None
    if workload is not None and not subject.is_image_inside:
        return [line for container in workload.containers for line in _container_lines(container, look)]
    image = snapshot.images.get(subject.image) if subject.image else None
    if image is not None:
        absent = [*wrapped(image.absent, "unknown", look.width), TextLine()] if image.absent else []
        return [*absent, *_check_lines(image.checks, look), *_stands_on(image.key, look)]
    base = snapshot.bases.get(subject.image) if subject.image else None
    if base is not None:
        return _base_lines(base, look)
    if subject.unreadable:
        return wrapped(
            "These images run, but no registry that may be read has them: nothing about them can be checked.", "", look.width
        )
    return _place_lines(subject, look)


def _check_lines(checks: Sequence[Check], look: SectionContext) -> list[TextLine]:
    """One check a line; what is not fine stands out and says what would change it; what is off is named in one line."""
    lines = [line for check in checks if check.state is not State.OFF for line in _check(check, look)]
    off = [check.name.value for check in checks if check.state is State.OFF]
    if off:
        lines += wrapped(f"{look.glyphs.states[State.OFF]} not asked: {', '.join(off)}", "dim", look.width)
    return lines


def _container_lines(container: Container, look: SectionContext) -> list[TextLine]:
    """A container: its image text, what runs, whether that is what the name says, and its checks."""
    kind = f"{container.type} " if container.type != "container" else ""
    glyph = look.glyphs.of(container.verdict)
    title = (Span(" "), glyph, Span(f" {kind}", "dim"), Span(container.name, "bold"), Span(f"  {container.image}", "dim"))
    lines = [TextLine(title, (Span(f"{plural(container.pods, 'pod')} ", "dim"),))]
    lines += wrapped(container.trouble, "fail", look.width, indent=4)
    lines += _pull_lines(container, look)
    lines += [line for check in container.checks if check.state is not State.OFF for line in _check(check, look)]
    images = [look.snapshot.images[key] for key in container.images if key in look.snapshot.images]
    for image in images:
        verb = "   runs " if pods_with(container.pod_refs, image.key) else "   ran " if container.runs else "   would run "
        lines.append(TextLine((Span(verb, "dim"), look.glyphs.of(image.verdict), Span(f" {image_name(image)}"))))
    lines += [line for check in image_checks(container, look.snapshot.images) for line in _check(check, look) if _shown(check)]
    return [*lines, TextLine()]


def _shown(check: Check) -> bool:
    return check.state.severity > State.PASS.severity


def _check(check: Check, look: SectionContext) -> Iterator[TextLine]:
    fine = check.state is State.PASS
    where = " ".join(part for part in (source_word(check.sources), age(check.as_of, look.now) if check.as_of else "") if part)
    right: Cell = (Span(f"{where} ", "dim"),) if where else ()
    indent = 3 + CHECK_NAME
    room = look.width - indent - len(where) - 3
    lead = (Span(" "), look.glyphs.of(check.state), Span(f" {check.name.value:<{CHECK_NAME}}", "dim" if fine else ""))
    if room < TIGHT:
        indent = 5
        first, continuation = "", wrap(brief_digests(check.reason), max(16, look.width - indent - 1))
    else:
        first, *continuation = wrap(brief_digests(check.reason), look.width - indent - 1, first=room)
    yield TextLine((*lead, Span(first, "dim" if fine else "")), right)
    yield from (TextLine((Span(" " * indent + part, "dim" if fine else ""),)) for part in continuation)
    if check.remedy and not fine:
        for index, part in enumerate(wrap(brief_digests(check.remedy), max(20, look.width - indent - 3))):
            yield TextLine((Span(" " * indent), Span(look.glyphs.arrow if index == 0 else "  ", "accent"), Span(part, "dim")))


def _base_lines(base: UnknownBase, look: SectionContext) -> list[TextLine]:
    under = len(look.snapshot.derived.get(base.key, ()))
    lines = wrapped(base.reason, "unknown", look.width)
    if base.layers:
        lines += wrapped(f"{plural(base.layers, 'layer')} shared by {base.repositories} repositories.", "", look.width)
    return [*lines, *wrapped(f"{plural(under, 'image')} built directly on it.", "dim", look.width), *_stands_on(base.key, look)]


def _stands_on(base: ImageKey, look: SectionContext) -> list[TextLine]:
    """How what runs on a base stands; nothing of an image that is no base."""
    if not look.snapshot.derived.get(base):
        return []
    title = wrapped("It and what is built on it, directly or through others", "dim", look.width)
    return [TextLine(), *title, *scorecard_lines(Scope(base=base), look)]


def _place_lines(subject: RowSubject, look: SectionContext) -> list[TextLine]:
    """How a cluster or a namespace stands; of a cluster how reading it goes, too."""
    if not subject.cluster:
        return []
    lines = scorecard_lines(Scope(subject.cluster, subject.namespace), look)
    health = next((source for source in look.snapshot.sources if source.id == (SourceKind.CLUSTER, subject.cluster)), None)
    if health is None:
        return lines
    read = _health_lines(health, look)
    well = health.state is SourceState.OK and not health.denials
    if subject.namespace:
        return lines if well else [*lines, TextLine(), *read]
    return [*lines, TextLine(), *read] if well else [*read, TextLine(), *lines]


def _health_lines(health: SourceHealth, look: SectionContext) -> list[TextLine]:
    state = "live" if health.live else health.state.value
    summary = f"{state}, {plural(health.objects, 'object')}, answered {age(health.as_of, look.now)} ago"
    lines = wrapped(summary, "dim", look.width)
    lines += wrapped(health.error, "unknown", look.width)
    lines += wrapped(health.remedy, "accent", look.width)
    return [*lines, *denial_lines(health.denials, look.width, indent=1)]


def _pull_lines(container: Container, look: SectionContext) -> Iterable[TextLine]:
    if container.pull is None:
        return ()
    from tui.presenters.tabs.pulling import pull_lines  # the room of answers: not before something does not start

    return pull_lines(container, look)


def _timeline(image: Image, look: SectionContext) -> Iterable[TextLine]:
    from tui.presenters.tabs.timeline import timeline_lines  # likewise: not before the first frame

    return timeline_lines(image, look)


def _lines(subject: RowSubject, context: SectionContext) -> Sequence[TextLine]:
    tree = lineage_section(subject, context, brief=True)
    title = [TextLine(), TextLine((Span(" Where it comes from, where it runs", "dim"),))] if tree else []
    image = context.snapshot.images.get(subject.image) if subject.image is not None else None
    happened = _timeline(image, context) if image is not None and (subject.workload is None or subject.is_image_inside) else ()
    return [*overview(subject, context), *title, *tree, *happened]


OVERVIEW = TabSpec("overview", "Overview", _lines)

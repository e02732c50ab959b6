"""What is known about one row, in sections: who it is, its verdict, and the reasons with their sources and ages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

from tui.domain.checks.containers import image_checks, workload_checks
from tui.domain.common.trust import Check, State
from tui.domain.facts.events import SourceHealth, SourceKind
from tui.domain.snapshot.snapshot import Container, Image, UnknownBase, Workload
from tui.domain.workloads.counting import UseKind, pods_with, users_of
from tui.presenters.glyphs import ROLE, Glyphs
from tui.presenters.keys import RowSubject
from tui.presenters.phrases import image_name, source_word, verdict_word
from tui.presenters.sources import denial_lines
from tui.presenters.tabs.spec import SectionContext
from tui.presenters.words import age, brief_digests, plural, short, size
from widgets.rows import Cell, Span, TextLine
from widgets.text import wrap

__all__ = [
    "Tab",
    "check_lines",
    "container_lines",
    "heading",
    "overview",
    "plain_heading",
    "tab_line",
    "wrapped",
]

CHECK_NAME = 11
TIGHT = 24
COUNTED = (State.FAIL, State.UNKNOWN, State.WARN, State.PASS)


class Tab(StrEnum):
    """The sections of the detail."""

    OVERVIEW = "Overview"
    LINEAGE = "Lineage"
    FINDINGS = "Findings"
    SIGNATURES = "Signatures"
    RUNNING = "Running"


def tab_line(tab: Tab, glyphs: Glyphs) -> TextLine:
    """The names of the sections, the one shown being bright."""
    spans: list[Span] = [Span(" ")]
    for each in Tab:
        spans += [Span(each.value, "accent bold" if each is tab else "dim"), Span("  ")]
    return TextLine(tuple(spans), (Span("Tab ", "dim"),))


def heading(subject: RowSubject, look: SectionContext) -> list[TextLine]:
    """Who it is, and its verdict as a badge."""
    snapshot = look.snapshot
    workload = snapshot.workloads.get(subject.workload) if subject.workload else None
    if workload is not None and not _image_is_inside(subject):
        return _workload_heading(workload, look)
    image = snapshot.images.get(subject.image) if subject.image else None
    if image is not None:
        return _image_heading(image, look)
    base = snapshot.bases.get(subject.image) if subject.image else None
    return _base_heading(base, look) if base else plain_heading(subject)


def overview(subject: RowSubject, look: SectionContext) -> list[TextLine]:
    """Every check with reason, source, age and what would change it; for a place, how reading it goes."""
    snapshot = look.snapshot
    workload = snapshot.workloads.get(subject.workload) if subject.workload else None
    if workload is not None and not _image_is_inside(subject):
        return [line for container in workload.containers for line in container_lines(container, look)]
    image = snapshot.images.get(subject.image) if subject.image else None
    if image is not None:
        absent = [*wrapped(image.absent, "unknown", look.width), TextLine()] if image.absent else []
        return [*absent, *check_lines(image.checks, look)]
    base = snapshot.bases.get(subject.image) if subject.image else None
    if base is not None:
        return _base_lines(base, look)
    if subject.unreadable:
        return wrapped(
            "These images run, but no registry that may be read has them: nothing about them can be checked.", "", look.width
        )
    return _place_lines(subject, look)


def plain_heading(subject: RowSubject) -> list[TextLine]:
    """A cluster, a namespace, or a group."""
    if subject.unreadable:
        return [TextLine((Span(" not in any readable registry", "bold"),)), TextLine()]
    name = f"{subject.namespace or subject.cluster}"
    kind = "namespace" if subject.namespace else "cluster"
    place = f"  in {subject.cluster}" if subject.namespace else ""
    return [TextLine((Span(f" {name}", "bold"), Span(f"  {kind}{place}", "dim"))), TextLine()] if name else []


def check_lines(checks: Sequence[Check], look: SectionContext) -> list[TextLine]:
    """One check a line; what is not fine stands out and says what would change it; what is off is named in one line."""
    lines = [line for check in checks if check.state is not State.OFF for line in _check(check, look)]
    off = [check.name.value for check in checks if check.state is State.OFF]
    if off:
        lines += wrapped(f"{look.glyphs.states[State.OFF]} not asked: {', '.join(off)}", "dim", look.width)
    return lines


def container_lines(container: Container, look: SectionContext) -> list[TextLine]:
    """A container: its image text, what runs, whether that is what the name says, and its checks."""
    kind = f"{container.type} " if container.type != "container" else ""
    glyph = look.glyphs.of(container.verdict)
    title = (Span(" "), glyph, Span(f" {kind}", "dim"), Span(container.name, "bold"), Span(f"  {container.image}", "dim"))
    lines = [TextLine(title, (Span(f"{plural(container.pods, 'pod')} ", "dim"),))]
    lines += wrapped(container.trouble, "fail", look.width, indent=4)
    lines += [line for check in container.checks if check.state is not State.OFF for line in _check(check, look)]
    images = [look.snapshot.images[key] for key in container.images if key in look.snapshot.images]
    for image in images:
        verb = "   runs " if pods_with(container.pod_refs, image.key) else "   ran " if container.runs else "   would run "
        lines.append(TextLine((Span(verb, "dim"), look.glyphs.of(image.verdict), Span(f" {image_name(image)}"))))
    lines += [line for check in image_checks(container, look.snapshot.images) for line in _check(check, look) if _shown(check)]
    return [*lines, TextLine()]


def _shown(check: Check) -> bool:
    return check.state.severity > State.PASS.severity


def wrapped(text: str, role: str, width: int, indent: int = 1) -> list[TextLine]:
    """A text on as many lines as it needs."""
    if not text:
        return []
    return [TextLine((Span(" " * indent + part, role),)) for part in wrap(text, max(16, width - indent - 1))]


def _check(check: Check, look: SectionContext) -> Iterator[TextLine]:
    fine = check.state is State.PASS
    where = " ".join(part for part in (source_word(check.sources), age(check.as_of, look.now) if check.as_of else "") if part)
    right: Cell = (Span(f"{where} ", "dim"),) if where else ()
    indent = 3 + CHECK_NAME
    room = look.width - indent - len(where) - 3
    lead = (Span(" "), look.glyphs.of(check.state), Span(f" {check.name.value:<{CHECK_NAME}}", "dim" if fine else ""))
    if room < TIGHT:
        indent = 5
        first, rest = "", wrap(brief_digests(check.reason), max(16, look.width - indent - 1))
    else:
        first, *rest = wrap(brief_digests(check.reason), room)
    yield TextLine((*lead, Span(first, "dim" if fine else "")), right)
    yield from (TextLine((Span(" " * indent + part, "dim" if fine else ""),)) for part in rest)
    if check.remedy and not fine:
        for at, part in enumerate(wrap(brief_digests(check.remedy), max(20, look.width - indent - 3))):
            yield TextLine((Span(" " * indent), Span(look.glyphs.arrow if at == 0 else "  ", "accent"), Span(part, "dim")))


def _image_heading(image: Image, look: SectionContext) -> list[TextLine]:
    facts = [part for part in (_platforms(image), size(image.size), image.distro) if part]
    kind, _, _ = image.key.digest.partition(":")
    lines = [
        TextLine((Span(f" {image_name(image)}", "bold"), Span(f"  {image.key.registry}", "dim"))),
        TextLine((Span(f" {kind}:", "dim"), Span(short(image.key.digest)))),
        *wrapped(look.glyphs.dot.join(facts), "dim", look.width),
    ]
    lines += wrapped(_uses(image, look), "dim", look.width)
    others = [tag for tag in image.tags if not image_name(image).endswith(f":{tag}")]
    lines += wrapped(f"also {', '.join(others)}" if others else "", "dim", look.width)
    return [*lines, TextLine(), _badge(image.verdict, image.checks, look), TextLine()]


def _uses(image: Image, look: SectionContext) -> str:
    """`runs in 2 workloads · base of 3 images`; what nothing is known to use says so."""
    found = users_of(image.key, look.snapshot)
    told = [f"{_USES[use]} {plural(len(found[use]), 'workload')}" for use in UseKind if use in found]
    built = len(look.snapshot.derived.get(image.key, ()))
    told += [f"base of {plural(built, 'image')}"] if built else []
    return look.glyphs.dot.join(told) if told else "nothing that is known uses it"


_USES = {
    UseKind.RUNNING: "runs in",
    UseKind.DECLARED: "declared by",
    UseKind.SCHEDULED: "scheduled by",
    UseKind.SCALED_TO_ZERO: "scaled to zero in",
    UseKind.ROLLBACK: "kept for rollback by",
}


def _workload_heading(workload: Workload, look: SectionContext) -> list[TextLine]:
    key = workload.key
    facts = [
        f"{workload.pods} of {workload.desired} pods" if workload.desired is not None else plural(workload.pods, "pod"),
        "suspended" if workload.suspended else "",
        f"managed by {workload.managed_by}" if workload.managed_by else "",
        f"team {workload.team}" if workload.team else "",
        "" if workload.owner_readable else "its owner may not be read",
    ]
    checks = workload_checks(workload, look.snapshot.images)
    return [
        TextLine((Span(f" {key.kind}/", "dim"), Span(key.name, "bold"), Span(f"  {key.cluster}  {key.namespace}", "dim"))),
        TextLine((Span(" " + look.glyphs.dot.join(fact for fact in facts if fact), "dim"),)),
        TextLine(),
        _badge(workload.verdict, checks, look),
        TextLine(),
    ]


def _base_heading(base: UnknownBase, look: SectionContext) -> list[TextLine]:
    return [TextLine((Span(f" {base.label}", "bold"),)), TextLine(), _badge(State.UNKNOWN, (), look), TextLine()]


def _badge(verdict: State, checks: Sequence[Check], look: SectionContext) -> TextLine:
    role = ROLE[verdict] if verdict is not State.OFF else "unknown"
    counted = [(sum(check.state is state for check in checks), state) for state in COUNTED]
    words = look.glyphs.dot.join(f"{number} {state.value}" for number, state in counted if number)
    sign = look.glyphs.states[verdict if verdict is not State.OFF else State.UNKNOWN]
    return TextLine((Span(" "), Span(f" {sign} {verdict_word(verdict)} ", f"badge-{role}"), Span(f"  {words}", "dim")))


def _platforms(image: Image) -> str:
    """`linux/amd64 + arm64`."""
    first, *rest = [str(platform) for platform in image.platforms] or [""]
    return " + ".join([first, *(name.removeprefix("linux/") for name in rest)])


def _base_lines(base: UnknownBase, look: SectionContext) -> list[TextLine]:
    under = len(look.snapshot.derived.get(base.key, ()))
    lines = wrapped(base.reason, "unknown", look.width)
    if base.layers:
        lines += wrapped(f"{plural(base.layers, 'layer')} shared by {base.repositories} repositories.", "", look.width)
    return [*lines, *wrapped(f"{plural(under, 'image')} built directly on it.", "dim", look.width)]


def _place_lines(subject: RowSubject, look: SectionContext) -> list[TextLine]:
    health = next((each for each in look.snapshot.sources if each.id == (SourceKind.CLUSTER, subject.cluster)), None)
    return _health_lines(health, look) if health else []


def _health_lines(health: SourceHealth, look: SectionContext) -> list[TextLine]:
    state = "live" if health.live else health.state.value
    said = f"{state}, {plural(health.objects, 'object')}, answered {age(health.as_of, look.now)} ago"
    lines = wrapped(said, "dim", look.width)
    lines += wrapped(health.error, "unknown", look.width)
    lines += wrapped(health.remedy, "accent", look.width)
    return [*lines, *denial_lines(health.denials, look.width, indent=1)]


def _image_is_inside(subject: RowSubject) -> bool:
    """In the workload view an image lies under its container: then the row is about the image, not the workload."""
    return subject.container is not None and subject.image is not None

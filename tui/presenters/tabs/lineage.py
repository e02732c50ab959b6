"""Where an image comes from and where it runs, drawn as one small tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.domain.common.text import clean
from tui.domain.common.trust import State, worst
from tui.domain.snapshot.snapshot import (
    BaseLink,
    BaseState,
    Basis,
    Confidence,
    Container,
    Drift,
    ImageKey,
    Snapshot,
    UnknownBase,
    Workload,
)
from tui.domain.workloads.counting import pods_of
from tui.presenters.glyphs import Glyphs
from tui.presenters.keys import RowSubject
from tui.presenters.phrases import node_name
from tui.presenters.tabs.lines import images_of, in_turn, remark, wrapped
from tui.presenters.tabs.spec import Inquiry, SectionContext, TabSpec
from tui.presenters.words import age, plural
from widgets.rows import Cell, Span, TextLine

__all__ = ["DRIFT_ROLE", "LINEAGE", "lineage_section"]

MOST = 12
DRIFT_ROLE = {Drift.SAME: "dim", Drift.MOVED: "warn", Drift.MIXED: "warn", Drift.GONE: "fail", Drift.UNKNOWN: "unknown"}


def lineage_section(subject: RowSubject, look: SectionContext, *, brief: bool = False) -> Sequence[TextLine]:
    """The chain of bases with what proves each step, then the workloads that run the image, and what is built on it.

    Of a workload the chain of every image that its containers run.
    """
    if not any(row.key for row in images_of(subject, look.snapshot)):
        return []
    unknown = wrapped("What it runs is not known, so where that comes from is not known either.", "unknown", look.width)
    return in_turn(subject, look, lambda row: _lineage_of(row.key, look, brief) if row.key else unknown)


def _lineage_of(image: ImageKey, look: SectionContext, brief: bool) -> list[TextLine]:
    chain = _chain(image, look.snapshot)
    lines = [line for depth, key in enumerate(chain) for line in _step(depth, key, chain, look, brief)]
    users = [look.snapshot.workloads[user] for user in look.snapshot.users.get(image, ()) if user in look.snapshot.workloads]
    derived = look.snapshot.derived.get(image, ())
    lines += _users(users, image, len(chain), look, last=brief or not derived)
    return lines if brief else [*lines, *_derived(derived, len(chain), look)]


def _step(depth: int, key: ImageKey, chain: Sequence[ImageKey], look: SectionContext, brief: bool) -> Iterator[TextLine]:
    node = look.snapshot.images.get(key) or look.snapshot.bases.get(key)
    if node is None:
        return
    verdict = State.UNKNOWN if isinstance(node, UnknownBase) else node.verdict
    lead = (Span(" " + _branch(depth, look.glyphs), "faint"), look.glyphs.of(verdict))
    name = Span(f" {node_name(node)}", "bold" if key == chain[-1] else "")
    registry = Span(f"  {key.registry}" if depth == 0 and key.registry else "", "dim")
    yield TextLine(
        (*lead, name, registry, Span("  " + basis_words(node.base) if node.base else "", "dim")), _base_state(node.base, look)
    )
    if node.base is None or brief:
        return
    indent = 2 * depth + 4
    yield from wrapped(f"{node.base.note} {_guessed(node.base)}".strip(), "dim", look.width, indent)
    yield from wrapped(node.base.state_reason, "dim" if node.base.state is BaseState.CURRENT else "warn", look.width, indent)
    for contradiction in node.base.contradictions:
        yield from wrapped(f"{look.glyphs.states[State.WARN]} {contradiction}", "warn", look.width, indent)


def _guessed(link: BaseLink) -> str:
    """That a tag is only one of those that name the base: FROM may have named another."""
    if not link.tag or link.tag_told:
        return ""
    return f"Nothing says from which of its tags it was built; {clean(link.tag, 128)} names it."


def basis_words(link: BaseLink) -> str:
    """What proves a step, and how sure it is."""
    words = {
        Basis.CONFIGURED: "configured",
        Basis.LAYERS: f"proven by {plural(link.layers, 'layer')}" if link.layers else "proven by layers",
        Basis.BUILD_RECORD: "by its build record",
        Basis.PROVENANCE: "by its provenance",
        Basis.ANNOTATION: "claimed by the image",
    }[link.basis]
    return f"{words}, likely" if link.confidence is Confidence.LIKELY else words


def _base_state(link: BaseLink | None, look: SectionContext) -> Cell:
    if link is None:
        return ()
    match link.state:
        case BaseState.OUTDATED:
            since = f"base moved {age(link.since, look.now)}" if link.since else "base outdated"
            return (Span(f"{since} ", "warn"),)
        case BaseState.UNKNOWN:
            return (Span("newest base unknown ", "unknown"),)
        case BaseState.CURRENT:
            return (Span("current ", "dim"),)


def _users(users: Sequence[Workload], image: ImageKey, depth: int, look: SectionContext, last: bool) -> Iterator[TextLine]:
    for index, workload in enumerate(users[:MOST]):
        containers = [container for container in workload.containers if image in container.runs]
        end = index == len(users) - 1 and last
        lead = Span(" " + "  " * depth + (look.glyphs.last if end else look.glyphs.branch), "faint")
        glyph = look.glyphs.of(worst(container.verdict for container in containers))
        key = workload.key
        words, role = _drift(containers)
        name = Span(f" {key.cluster}  {key.namespace}  {key.kind}/{key.name}")
        yield TextLine(
            (lead, glyph, name), (Span(f"{words}  ", role), Span(f"{plural(pods_of(workload, {image}), 'pod')} ", "dim"))
        )
    if len(users) > MOST:
        yield TextLine((Span("  " * depth + f"   and {plural(len(users) - MOST, 'more workload')}", "dim"),))


def _derived(derived: Sequence[ImageKey], depth: int, look: SectionContext) -> Iterator[TextLine]:
    for index, key in enumerate(derived[:MOST]):
        node = look.snapshot.images.get(key)
        if node is not None:
            end = index == len(derived) - 1
            lead = Span(" " + "  " * depth + (look.glyphs.last if end else look.glyphs.branch), "faint")
            yield TextLine((lead, look.glyphs.of(node.verdict), Span(f" {node_name(node)}"), Span("  built on it", "dim")))
    if len(derived) > MOST:
        yield TextLine((Span("  " * depth + f"   and {plural(len(derived) - MOST, 'more image')}", "dim"),))


def _drift(containers: Sequence[Container]) -> tuple[str, str]:
    order = [Drift.GONE, Drift.UNKNOWN, Drift.MIXED, Drift.MOVED, Drift.SAME]
    drift = min((container.drift for container in containers), key=order.index, default=Drift.UNKNOWN)
    words = {
        Drift.GONE: "digest gone",
        Drift.UNKNOWN: "drift unknown",
        Drift.MIXED: "mixed digests",
        Drift.MOVED: "tag moved",
        Drift.SAME: "",
    }
    return words[drift], DRIFT_ROLE[drift]


def _branch(depth: int, glyphs: Glyphs) -> str:
    return "" if depth == 0 else "  " * (depth - 1) + glyphs.last


def _chain(image: ImageKey, snapshot: Snapshot) -> list[ImageKey]:
    """From the lowest base known up to the image; a cycle ends where it closes."""
    chain: dict[ImageKey, None] = {}
    below: ImageKey | None = image
    while below is not None and below not in chain:
        chain[below] = None
        node = snapshot.images.get(below) or snapshot.bases.get(below)
        below = node.base.base if node and node.base else None
    return list(chain)[::-1]


def _lines(subject: RowSubject, context: SectionContext) -> Sequence[TextLine]:
    return lineage_section(subject, context) or [remark("No image to show the lineage of.")]


def _inquiry(subject: RowSubject, snapshot: Snapshot) -> Inquiry | None:
    from tui.presenters.tabs.build_log import log_inquiry  # the reading of logs: not before somebody looks

    return log_inquiry(subject, snapshot)


LINEAGE = TabSpec("lineage", "Lineage", _lines, inquiry=_inquiry)

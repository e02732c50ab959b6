"""A workload or a pod as its cluster has it, in YAML: what the tab Raw shows of a row that is about one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

from tui.domain.common.text import clean
from tui.domain.facts.inquiries import Inquiries
from tui.domain.facts.workload import ObjectKey
from tui.domain.plans.commands import kubectl, resource_name
from tui.presenters.keys import RowSubject
from tui.presenters.tabs.lines import wrapped
from tui.presenters.tabs.spec import Drawing, Inquiry, SectionContext
from tui.presenters.words import count
from widgets.rows import Span, TextLine
from widgets.text import chopped

__all__ = ["object_inquiry", "object_of"]

MOST_LINES = 5_000


def object_of(subject: RowSubject) -> ObjectKey | None:
    """The workload or the pod that a row is about; None where it is about an image or anything else."""
    workload = subject.workload
    if workload is None or subject.container is not None:
        return None
    return ObjectKey(workload.cluster, workload.namespace, "Pod", subject.pod.name) if subject.pod is not None else workload


def object_inquiry(key: ObjectKey) -> Inquiry:
    """What is asked of its cluster."""
    return Inquiry(("object", key), f"{clean(key.kind, 60)} {clean(key.name, 253)}", partial(_read, key))


async def _read(key: ObjectKey, inquiries: Inquiries) -> Drawing:
    """The object. Raises TrustreeError."""
    from tui.presenters.objects import NotReadable, shown_object  # not before somebody asks
    from tui.presenters.yaml import yaml_lines

    body = await inquiries.cluster(key.cluster).object(key)
    try:
        lines = tuple(islice(yaml_lines(shown_object(body)), MOST_LINES + 1))
    except NotReadable:
        return partial(_drawn, key, (), "The cluster answered, but not with an object in JSON.")
    cut = f"These are its first {count(MOST_LINES)} lines; the rest is not shown here." if len(lines) > MOST_LINES else ""
    return partial(_drawn, key, lines[:MOST_LINES], cut)


def _drawn(key: ObjectKey, lines: Sequence[str], remark: str, context: SectionContext) -> Sequence[TextLine]:
    shown = [TextLine((Span(f" {clean(key.kind, 60)}", "bold"), Span(f"  as {clean(key.cluster, 60)} has it now", "dim")))]
    for line in lines:
        shown += _folded(line, context.width)
    command = kubectl(key, "get", resource_name(key), "--output", "yaml")
    return [*shown, *wrapped(remark, "unknown", context.width), *wrapped(context.glyphs.arrow + command, "accent", context.width)]


def _folded(line: str, width: int) -> Iterator[TextLine]:
    """A line of YAML, its names dimmed; what is too long goes on below its beginning, a little further in."""
    text = line.lstrip(" ")
    indent = min(len(line) - len(text), width // 3)
    for number, piece in enumerate(chopped(clean(text), max(8, width - indent - 4))):
        lead = " " * (indent + 1 + 2 * bool(number))
        head, colon, rest = piece.partition(":") if number == 0 and ": " in f"{piece} " else ("", "", piece)
        yield TextLine((Span(lead), Span(head + colon, "dim"), Span(rest)))

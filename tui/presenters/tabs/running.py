"""What runs an image: every workload with its containers, drift and pods in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import Container, ImageKey, PodRef, Workload
from tui.domain.workloads.counting import pods_of
from tui.presenters.keys import RowSubject
from tui.presenters.tabs.lineage import DRIFT_ROLE
from tui.presenters.tabs.lines import remark, wrapped
from tui.presenters.tabs.spec import SectionContext, TabSpec
from tui.presenters.views.lineage import pod_state
from tui.presenters.words import age, plural, short_hex
from widgets.columns import cell_width
from widgets.rows import Span, TextLine

__all__ = ["RUNNING", "running_section"]


def running_section(subject: RowSubject, look: SectionContext) -> list[TextLine]:
    """Every workload that runs it: containers, drift with its reason, and each pod with node, digest, state and age."""
    if subject.workload is not None and subject.container is None:
        users: Sequence[ObjectKey] = (subject.workload,)
    else:
        users = look.snapshot.users.get(subject.image, ()) if subject.image else ()
    lines: list[TextLine] = []
    for user in users:
        workload = look.snapshot.workloads.get(user)
        if workload is not None:
            lines += _running(workload, subject.image, look)
    return lines


def _running(workload: Workload, image: ImageKey | None, look: SectionContext) -> Iterator[TextLine]:
    key = workload.key
    title = (Span(" "), look.glyphs.of(workload.verdict), Span(f" {key.kind}/{key.name}", "bold"))
    pods = pods_of(workload, None if image is None else {image})
    yield TextLine((*title, Span(f"  {key.cluster}  {key.namespace}", "dim")), (Span(f"{plural(pods, 'pod')} ", "dim"),))
    for container in workload.containers:
        if image is None or image in container.images:
            yield from _container(container, image, look)
    yield TextLine()


def _container(container: Container, image: ImageKey | None, look: SectionContext) -> Iterator[TextLine]:
    yield TextLine(
        (Span(f"   {container.name}", ""), Span(f"  {container.image}", "dim")), (Span(f"{container.pull_policy} ", "dim"),)
    )
    reason = container.drift_reason or f"drift: {container.drift.value}"
    yield from wrapped(reason, DRIFT_ROLE[container.drift], look.width, indent=3)
    yield from wrapped(container.trouble, "fail", look.width, indent=3)
    if container.pull is not None:
        from tui.presenters.tabs.pulling import pull_lines  # the room of answers: not before something does not start

        yield from pull_lines(container, look)
    for pod in container.pod_refs:
        if image is None or pod.runs in (image, None):
            yield from _pod(pod, container, look)


def _pod(pod: PodRef, container: Container, look: SectionContext) -> Iterator[TextLine]:
    """A pod with its node, digest and age: on one line, or where that has no room with node and digest below its name."""
    state, role = pod_state(pod)
    odd = len(container.digests) > 1
    left = (Span(f"     {pod.name}"), Span(f"  {state}" if state else "", role))
    digest = Span(f"{short_hex(pod.digest) or 'not started'}  ", "warn" if odd else "dim")
    node, since = Span(f"{pod.node}  ", "dim"), Span(f"{age(pod.created, look.now):>4} ", "dim")
    if cell_width((*left, node, digest, since)) + 2 <= look.width:
        yield TextLine(left, (node, digest, since))
    else:
        yield TextLine(left, (since,))
        yield TextLine((Span("       "), node), (digest,))


def _lines(subject: RowSubject, context: SectionContext) -> Sequence[TextLine]:
    return running_section(subject, context) or [remark("No pod runs it.")]


RUNNING = TabSpec("running", "Running", _lines, brief="Pods")

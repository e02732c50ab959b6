"""Who a row is, and its verdict as a badge: what stands above every tab of its detail."""

from __future__ import annotations

from collections.abc import Sequence

from tui.domain.checks.containers import workload_states
from tui.domain.common.text import team_title
from tui.domain.common.trust import BAD_FIRST, State
from tui.domain.snapshot.snapshot import Image, UnknownBase, Workload
from tui.domain.workloads.counting import UseKind, users_of
from tui.presenters.glyphs import ROLE
from tui.presenters.keys import RowSubject
from tui.presenters.phrases import image_name, verdict_word
from tui.presenters.tabs.lines import wrapped
from tui.presenters.tabs.spec import SectionContext
from tui.presenters.words import count, plural, short_hex, size
from widgets.rows import Span, TextLine

__all__ = ["heading", "pods_words"]


def heading(subject: RowSubject, look: SectionContext) -> list[TextLine]:
    """Who it is, and its verdict as a badge."""
    snapshot = look.snapshot
    workload = snapshot.workloads.get(subject.workload) if subject.workload else None
    if workload is not None and not subject.is_image_inside:
        return _workload_heading(workload, look)
    image = snapshot.images.get(subject.image) if subject.image else None
    if image is not None:
        return _image_heading(image, look)
    base = snapshot.bases.get(subject.image) if subject.image else None
    return _base_heading(base, look) if base else _plain_heading(subject)


def _plain_heading(subject: RowSubject) -> list[TextLine]:
    """A cluster, a namespace, or a group."""
    if subject.unreadable:
        return [TextLine((Span(" not in any readable registry", "bold"),)), TextLine()]
    name = f"{subject.namespace or subject.cluster}"
    kind = "namespace" if subject.namespace else "cluster"
    place = f"  in {subject.cluster}" if subject.namespace else ""
    return [TextLine((Span(f" {name}", "bold"), Span(f"  {kind}{place}", "dim"))), TextLine()] if name else []


def _image_heading(image: Image, look: SectionContext) -> list[TextLine]:
    facts = [part for part in (_platforms(image), size(image.size), image.distro) if part]
    kind, _, _ = image.key.digest.partition(":")
    lines = [
        TextLine((Span(f" {image_name(image)}", "bold"), Span(f"  {image.key.registry}", "dim"))),
        TextLine((Span(f" {kind}:", "dim"), Span(short_hex(image.key.digest)))),
        *wrapped(look.glyphs.dot.join(facts), "dim", look.width),
    ]
    lines += wrapped(_uses(image, look), "dim", look.width)
    others = [tag for tag in image.tags if not image_name(image).endswith(f":{tag}")]
    lines += wrapped(f"also {', '.join(others)}" if others else "", "dim", look.width)
    return [*lines, TextLine(), _badge(image.verdict, [check.state for check in image.checks], look), TextLine()]


def _uses(image: Image, look: SectionContext) -> str:
    """`runs in 2 workloads · base of 3 images`; what nothing is known to use says so."""
    users = users_of(image.key, look.snapshot)
    uses = [f"{_USES[use]} {plural(len(users[use]), 'workload')}" for use in UseKind if use in users]
    built = len(look.snapshot.derived.get(image.key, ()))
    uses += [f"base of {plural(built, 'image')}"] if built else []
    return look.glyphs.dot.join(uses) if uses else "nothing that is known uses it"


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
        pods_words(workload),
        "suspended" if workload.suspended else "",
        f"managed by {workload.managed_by}" if workload.managed_by else "",
        team_title(workload.team) if workload.team else "",
        "" if workload.owner_readable else "its owner may not be read",
    ]
    return [
        TextLine((Span(f" {key.kind}/", "dim"), Span(key.name, "bold"), Span(f"  {key.cluster}  {key.namespace}", "dim"))),
        *wrapped(look.glyphs.dot.join(fact for fact in facts if fact), "dim", look.width),
        TextLine(),
        _badge(workload.verdict, workload_states(workload, look.snapshot.images), look),
        TextLine(),
    ]


def pods_words(workload: Workload) -> str:
    """How many pods there are of how many, and how many of them never started; a bare pod is told of as the one that it is."""
    waiting = workload.pods - len(_started(workload)) if any(container.pod_refs for container in workload.containers) else 0
    if workload.key.kind == "Pod":
        return "has not started" if waiting > 0 else "has started" if workload.pods else "has ended"
    of_all = f" of {count(workload.desired)}" if workload.desired is not None else ""
    pods = f"{count(workload.pods)}{of_all} pods" if of_all else plural(workload.pods, "pod")
    return f"{pods}, {count(waiting)} not started" if waiting > 0 else pods


def _started(workload: Workload) -> set[str]:
    """The pods of which a container has been started: only then is it told which digest it runs."""
    return {pod.name for container in workload.containers for pod in container.pod_refs if pod.digest and not pod.ended}


def _base_heading(base: UnknownBase, look: SectionContext) -> list[TextLine]:
    return [TextLine((Span(f" {base.label}", "bold"),)), TextLine(), _badge(State.UNKNOWN, (), look), TextLine()]


def _badge(verdict: State, states: Sequence[State], look: SectionContext) -> TextLine:
    role = ROLE[verdict] if verdict is not State.OFF else "unknown"
    counted = [(states.count(state), state) for state in BAD_FIRST]
    words = look.glyphs.dot.join(f"{number} {state.value}" for number, state in counted if number)
    sign = look.glyphs.states[verdict if verdict is not State.OFF else State.UNKNOWN]
    return TextLine((Span(" "), Span(f" {sign} {verdict_word(verdict)} ", f"badge-{role}"), Span(f"  {words}", "dim")))


def _platforms(image: Image) -> str:
    """`linux/amd64 + arm64`."""
    first, *others = [str(platform) for platform in image.platforms] or [""]
    return " + ".join([first, *(name.removeprefix("linux/") for name in others)])

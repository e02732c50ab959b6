"""Checks as a list of functions: each answers one question about an image, or about a container of a workload.

Adding a check is adding a function to `Checks`; nothing else knows their number. A check that lacks a fact is unknown and
says why; none passes for want of anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tui.domain.checks.admission import check_admission
from tui.domain.checks.base import base_step_of, move_of
from tui.domain.checks.containers import BY_CONTAINER
from tui.domain.checks.content import unless_altered
from tui.domain.checks.context import ContainerContext, ImageContext
from tui.domain.checks.identity_steps import identity_remedy
from tui.domain.checks.impostor import with_suspicion
from tui.domain.checks.lifetime import with_lifetime
from tui.domain.checks.reading_steps import reading_step
from tui.domain.checks.registry import check_registry
from tui.domain.checks.scan import check_scan
from tui.domain.checks.signature import check_signature
from tui.domain.common.source_id import SourceKind, alone
from tui.domain.common.text import full_stop
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.policy.rules import Rules, settings_of
from tui.domain.registries.catalog import CatalogImage
from tui.domain.snapshot.snapshot import BaseState, Drift

__all__ = ["BUILT_IN", "READS", "Checks", "of_containers"]


ImageCheck = Callable[[ImageContext], Check]
ContainerCheck = Callable[[ContainerContext], Check]


# ---- base


def check_base(context: ImageContext) -> Check:
    """Is it built on the newest build of its base, and is what that is made of still mended?"""
    return with_lifetime(_check_build(context), context)


def _check_build(context: ImageContext) -> Check:
    if context.catalogued is None:
        return _base(
            context, State.UNKNOWN, f"What it is built on is not known: {context.absent}", "", "not readable", _read(context)
        )
    if context.link is None or context.base is None:
        return _no_base(context, context.catalogued)
    verdict = context.base
    match verdict.state:
        case BaseState.CURRENT if not context.catalogued.complete:
            reason = f"Not everything that it could run has been read. {context.catalogued.gap}".rstrip()
            return _base(context, State.UNKNOWN, reason, verdict.rule, "not read", reading_step(context.key.registry, reason))
        case BaseState.CURRENT:
            return _base(context, State.PASS, verdict.reason, verdict.rule)
        case BaseState.UNKNOWN:
            return _base(context, State.UNKNOWN, verdict.reason, verdict.rule, verdict.brief, verdict.step)
        case BaseState.OUTDATED:
            overdue = verdict.since is not None and verdict.since < context.now - timedelta(days=context.rules.base_grace)
            state = State.FAIL if overdue else context.rules.base_outdated
            if verdict.mild and state is State.FAIL:
                overdue, state = False, State.WARN
            rule = f"{verdict.rule}; {context.rules.cite('base_grace' if overdue else 'base_outdated')}"
            return _base(context, state, verdict.reason, rule, verdict.brief, verdict.step)


def _read(context: ImageContext) -> str:
    return reading_step(context.key.registry, context.absent)


def _no_base(context: ImageContext, image: CatalogImage) -> Check:
    if not image.complete:
        return _base(
            context,
            State.UNKNOWN,
            f"Its layers have not all been read. {image.gap}".rstrip(),
            "",
            "not read",
            reading_step(context.key.registry, image.gap),
        )
    if context.scratch:
        return _base(context, State.PASS, "It is built from scratch: there is no base.", "scratch")
    if context.remarks:
        return _base(context, State.UNKNOWN, " ".join(context.remarks), "no-base", "base unknown")
    if context.distro:
        return _base(
            context, State.PASS, f"It is a distribution's own image ({context.distro}): there is no base.", "distribution"
        )
    if context.derived:
        reason = "It is a base itself and is built on no other image that is known here."
        return _base(context, State.OFF, reason, "base-itself")
    remedy = "Build it with a base annotation or provenance, or make the registry of its base readable."
    return _base(context, State.UNKNOWN, "Nothing says what it is built on.", "no-base", "base unknown", remedy)


def _base(context: ImageContext, state: State, reason: str, rule: str = "", brief: str = "", remedy: str = "") -> Check:
    sources, observed = context.sources, context.catalogued.confirmed if context.catalogued else None
    if context.link is not None and context.link.base.registry:
        sources, observed = alone(SourceKind.REGISTRY, context.link.base.registry), context.base_at
    return Check(CheckName.BASE, state, reason, sources, observed, str(rule), brief, remedy)


# ---- age


_AHEAD = timedelta(days=1)
"""How far the clock of a builder may run ahead."""
_UNDATED = "Build it with its real creation time, or push it to a registry that says when it was pushed."


def check_age(context: ImageContext) -> Check:
    """Is it young enough? By when it was built; by when it was pushed where the builder reset the clock."""
    image, rules = context.catalogued, context.rules
    observed = image.confirmed if image else None
    if image is None:
        reason = f"When it was built is not known: {context.absent}"
        return Check(CheckName.AGE, State.UNKNOWN, reason, context.sources, observed, brief="not readable", remedy=_read(context))
    built, verb = _built(image, context.now)
    if built is None:
        reason = "When it was built is not known: its builder set a fixed time, and the registry does not say when it was pushed."
        if image.created:
            reason = f"When it was built is not known: its configuration says {image.newest:%Y-%m-%d}, which is still to come."
        elif not image.complete:
            reason = f"When it was built is not known: its configuration has not been read. {image.gap}".rstrip()
        remedy = _UNDATED if image.complete else reading_step(context.key.registry, image.gap)
        return Check(CheckName.AGE, State.UNKNOWN, reason, context.sources, observed, brief="age unknown", remedy=remedy)
    state, rule = _age(context.now - built, rules)
    gap, remedy = _undated(context, image)
    if gap and state is not State.FAIL:  # what is not known can only make it older
        return Check(CheckName.AGE, State.UNKNOWN, gap, context.sources, observed, rule, "age unknown", remedy)
    if state is State.PASS:
        return Check(CheckName.AGE, state, f"{verb} on {built.date()}.", context.sources, observed, rule)
    limit = rules.max_age if state is State.FAIL else rules.warn_age
    reason = f"{verb} on {built.date()}, more than {limit} days ago."
    remedy = move_of(context) or base_step_of(context) or "Rebuild it."
    return Check(CheckName.AGE, state, reason, context.sources, observed, rule, f"over {limit} days old", remedy)


def _undated(context: ImageContext, image: CatalogImage) -> tuple[str, str]:
    """Why a platform may be older than what is known to be the oldest, and what helps; empty when none can be."""
    if not image.complete:
        reason = f"When it was built is not known: not every configuration of it has been read. {image.gap}".rstrip()
        return reason, reading_step(context.key.registry, image.gap)
    if _pushed(image, context.now) is not None:
        return "", ""
    if image.undated:
        return "When it was built is not known: the builder of one of its platforms set a fixed time.", _UNDATED
    if image.newest and image.newest - context.now > _AHEAD:
        day = f"{image.newest:%Y-%m-%d}"
        return f"When it was built is not known: the configuration of a platform says {day}, which is still to come.", _UNDATED
    return "", ""


def _built(image: CatalogImage, now: datetime) -> tuple[datetime | None, str]:
    """When its oldest platform was built, as far as that can be believed, and how it is known."""
    pushed, is_ahead = _pushed(image, now), bool(image.newest and image.newest - now > _AHEAD)
    if image.created and image.created - now <= _AHEAD:
        if (image.undated or is_ahead) and pushed is not None and pushed < image.created:
            return pushed, "Pushed"
        return image.created, "Built"
    if is_ahead:
        return pushed, "The build set a time that is still to come; pushed"
    return pushed, "The build set no time of its own; pushed" if image.complete else "Pushed"


def _pushed(image: CatalogImage, now: datetime) -> datetime | None:
    return image.pushed if image.pushed and image.pushed - now <= _AHEAD else None


def _age(age: timedelta, rules: Rules) -> tuple[State, str]:
    if rules.max_age and age > timedelta(days=rules.max_age):
        return State.FAIL, rules.cite("max_age")
    if rules.warn_age and age > timedelta(days=rules.warn_age):
        return State.WARN, rules.cite("warn_age")
    return State.PASS, rules.cite("warn_age" if rules.warn_age else "max_age")


# ---- identity


_IDENTITY_BRIEF = {
    Drift.SAME: "",
    Drift.MOVED: "tag moved",
    Drift.MIXED: "two images under one name",
    Drift.GONE: "gone from the registry",
    Drift.UNKNOWN: "identity unknown",
}


def check_identity(context: ContainerContext) -> Check:
    """Is what runs what the name says, and of the kind that ran under it before?"""
    return unless_altered(with_suspicion(_check_drift(context), context), context)


def _check_drift(context: ContainerContext) -> Check:
    container, rules = context.container, context.rules
    if context.cluster_lost:
        return _identity(context, State.UNKNOWN, context.cluster_lost, "cluster does not answer", context.remedy, context.lost_at)
    if container.trouble:
        cause, _, step = container.trouble.partition(". ")
        return _identity(context, State.UNKNOWN, f"{container.reason} It {full_stop(cause)}", "cannot pull", step)
    if container.idle and container.drift is Drift.UNKNOWN:
        if container.declared is None:  # nothing is known of what it would run: that is not fine
            return _identity(context, State.UNKNOWN, container.reason, "image not known")
        return _identity(context, State.OFF, container.reason)
    states = {Drift.SAME: State.PASS, Drift.MOVED: rules.moved, Drift.MIXED: rules.mixed, Drift.GONE: rules.gone}
    state = states.get(container.drift, State.UNKNOWN)
    reason = " ".join(filter(None, (container.reason, container.note)))
    return _identity(context, state, reason, _IDENTITY_BRIEF[container.drift], identity_remedy(container))


def _identity(
    context: ContainerContext, state: State, reason: str, brief: str = "", remedy: str = "", observed: datetime | None = None
) -> Check:
    drift = context.container.drift
    rule = context.rules.cite(drift.value) if drift in (Drift.MOVED, Drift.MIXED, Drift.GONE) else f"identity: {drift}"
    return Check(
        CheckName.IDENTITY, state, reason, (context.source,), observed or context.container.resolved_at, rule, brief, remedy
    )


# ---- of images, what is asked of the containers that run them


_UNUSED = {name: Check(name, State.OFF, "Nothing that is known runs it.", rule=str(name)) for name in BY_CONTAINER}


def of_containers(name: CheckName, checks: Iterable[Check]) -> Check:
    """What the containers that run an image answer to a question, as one answer: the worst of them."""
    answers = [check for check in checks if check.name is name]
    if len(answers) < 2:
        return answers[0] if answers else _UNUSED[name]
    answers.sort(key=lambda check: (check.sources, check.reason))
    return max(answers, key=lambda check: check.state.severity)  # the first of the worst


@dataclass(frozen=True, slots=True)
class Checks:
    """The questions that are asked, in the order in which they are shown; images answer `BY_CONTAINER` by their containers."""

    image: tuple[ImageCheck, ...] = field(default=())
    container: tuple[ContainerCheck, ...] = field(default=())


BUILT_IN = Checks(
    image=(check_registry, check_signature, check_scan, check_base, check_age),
    container=(check_identity, check_admission),
)

READS: dict[object, tuple[str, ...]] = {
    check_registry: settings_of(CheckName.REGISTRY),
    check_signature: settings_of(CheckName.SIGNATURE),
    check_scan: (*settings_of(CheckName.SCAN), "exceptions", "expired"),
    check_base: settings_of(CheckName.BASE),
    check_age: settings_of(CheckName.AGE),
    check_identity: settings_of(CheckName.IDENTITY),
    check_admission: settings_of(CheckName.ADMISSION),
}
"""The settings that each check reads, those of its table and what else: while they say the same, so does the check."""

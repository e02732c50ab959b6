"""Whether a cluster's own gate would refuse a container: its constraints, asked one by one.

A constraint on the image's name whose template is known is evaluated here, as the gate itself would; where its own audit
contradicts that, nothing is known. Of any other the audit's list of violations is all that is known, and that list is
cut (20 by default, gatekeeper website/docs/audit.md): not to be on a cut list is no
answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from tui.domain.common.goregexp import matches
from tui.domain.common.text import clean
from tui.domain.facts.admission import Constraint, Enforcement, Gate, Violation
from tui.domain.facts.events import ConstraintsListed, SourceHealth, SourceId, SourceKind, SourceState
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import Snapshot

__all__ = ["GateAnswer", "GateSubject", "Judgement", "Refusal", "ask", "gates_of", "rehearse", "subject_of"]

"""What the names of the sources that read gates begin with; the cluster follows."""
SHOWN = 200


class GateAnswer(StrEnum):
    """What a constraint would say."""

    ADMITTED = "admitted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    UNASKED = "unasked"


class GateSubject(msgspec.Struct, frozen=True):
    """A container of a workload as the gate sees it: by its spec; `created` is when the newest of its `pods` was.

    `other_containers` are the names and images of the workload's other containers.
    """

    namespace: str
    kind: str
    name: str
    container: str
    image: str
    pods: frozenset[str] = frozenset()
    created: datetime | None = None
    other_containers: frozenset[str] = frozenset()


class Judgement(msgspec.Struct, frozen=True):
    """What one constraint says of one container, in a sentence."""

    constraint: Constraint
    answer: GateAnswer
    action: Enforcement
    sentence: str


class Refusal(msgspec.Struct, frozen=True):
    """A container that a gate does not refuse now, but would if the constraint were to deny; UNKNOWN: it might."""

    workload: ObjectKey
    container: str
    image: str
    judgement: Judgement


def gates_of(health: Mapping[SourceId, SourceHealth], listed: Mapping[str, ConstraintsListed]) -> dict[str, Gate]:
    """The gate of every cluster that was asked for one."""
    sources = {source.id.name: source for source in health.values() if source.kind is SourceKind.ADMISSION}
    return {cluster: _gate(cluster, sources.get(cluster), listed.get(cluster)) for cluster in sorted({*sources, *listed})}


def _gate(cluster: str, health: SourceHealth | None, listed: ConstraintsListed | None) -> Gate:
    source = SourceId(SourceKind.ADMISSION, cluster)
    error, remedy = (health.error, health.remedy) if health is not None else ("", "")
    match health.state if health is not None else SourceState.OK:
        case SourceState.OFF:
            return Gate(source, absent=error or f"{cluster} has no gate that is known here.")
        case SourceState.FAILED:
            since = f" since {health.as_of:%Y-%m-%d %H:%M} UTC" if health is not None and health.as_of is not None else ""
            return Gate(source, unread=f"The gate of {cluster} could not be read{since}: {error}", remedy=remedy)
        case state:
            if listed is None:
                return Gate(source, unread=f"The gate of {cluster} has not been read yet.", remedy=remedy)
            partial = "" if listed.complete and state is not SourceState.PARTIAL else listed.error or error or "Not all was read."
            return Gate(source, listed.constraints, listed.at, partial=partial, remedy=remedy)


def subject_of(
    key: ObjectKey,
    container: str,
    image: str,
    pods: Iterable[tuple[str, datetime | None]],
    others: Iterable[tuple[str, str]] = (),
) -> GateSubject:
    """A container of a workload; `pods` are names and when they were made, `others` names and images of other containers."""
    pods = tuple(pods)
    created = max((moment for _, moment in pods if moment is not None), default=None)
    beside = frozenset(word for pair in others for word in pair) - {container, image}
    return GateSubject(key.namespace, key.kind, key.name, container, image, frozenset(name for name, _ in pods), created, beside)


def ask(constraints: Iterable[Constraint], subject: GateSubject) -> Iterator[Judgement]:
    """What every constraint that is about a container says of it."""
    for constraint in constraints:
        if _concerns(constraint, subject):
            yield _judge(constraint, subject)


# ---- is it meant?


def _concerns(constraint: Constraint, subject: GateSubject) -> bool:
    """`spec.match` and the exclusions among the parameters (gatekeeper website/docs/howto.md, "The match field")."""
    place = subject.namespace
    if constraint.namespaces and not any(_is_like(place, pattern) for pattern in constraint.namespaces):
        return False
    if any(_is_like(place, pattern) for pattern in constraint.excluded_namespaces):
        return False
    if constraint.kinds and not {"Pod", "*", subject.kind} & {*constraint.kinds}:
        return False
    return subject.container not in constraint.excluded_containers and not _is_exempt(constraint, subject.image)


def _is_like(text: str, pattern: str) -> bool:
    """Gatekeeper's wildcards: a `*` at the beginning, at the end, or both."""
    inner = pattern.strip("*")
    if pattern.startswith("*") and pattern.endswith("*"):
        return inner in text
    if pattern.endswith("*"):
        return text.startswith(inner)
    return text.endswith(inner) if pattern.startswith("*") else text == pattern


def _is_exempt(constraint: Constraint, image: str) -> bool:
    return any(
        image.startswith(exemption[:-1]) if exemption.endswith("*") else image == exemption
        for exemption in constraint.exempt_images
    )


# ---- what does it say?


def _judge(constraint: Constraint, subject: GateSubject) -> Judgement:
    """Where the gate's Config leaves the namespace out, nothing is refused; what the audit or the pattern finds is still said."""
    if constraint.opaque:
        return _say(constraint, GateAnswer.UNKNOWN, constraint.opaque)
    judgement = _asked(constraint, subject)
    if not any(_is_like(subject.namespace, pattern) for pattern in constraint.unasked_namespaces):
        return judgement
    if judgement.answer is GateAnswer.REFUSED and not _is_unaudited(constraint, subject):
        return msgspec.structs.replace(judgement, action=Enforcement.DRYRUN)
    place = clean(subject.namespace, SHOWN)
    return _say(
        constraint,
        GateAnswer.UNASKED,
        f"{_title(constraint)} is not asked in {place}: Gatekeeper's Config or webhook leaves it out.",
    )


def _is_unaudited(constraint: Constraint, subject: GateSubject) -> bool:
    return any(_is_like(subject.namespace, pattern) for pattern in constraint.unaudited_namespaces)


def _asked(constraint: Constraint, subject: GateSubject) -> Judgement:
    evaluated, listed = _by_image(constraint, subject), _listed(constraint, subject)
    if evaluated is not None and evaluated.answer is GateAnswer.ADMITTED and listed is not None:
        return _say(
            constraint, GateAnswer.UNKNOWN, f"{_title(constraint)} allows the image, yet its audit lists it as a violation."
        )
    return evaluated or listed or _by_audit(constraint, subject)


def _by_image(constraint: Constraint, subject: GateSubject) -> Judgement | None:
    """The pattern evaluated; None when there is none, or when it alone cannot answer."""
    pattern = constraint.images or constraint.forbidden
    is_match = matches(pattern, subject.image) if pattern else None
    allowed = None if is_match is None else is_match == bool(constraint.images)
    if allowed is None or (constraint.selective and not allowed):
        return None
    if allowed:
        return _say(constraint, GateAnswer.ADMITTED, f"{_title(constraint)} allows the image.")
    return _say(constraint, GateAnswer.REFUSED, f"{_title(constraint)} does not allow the image {clean(subject.image, SHOWN)}.")


def _listed(constraint: Constraint, subject: GateSubject) -> Judgement | None:
    """The audit lists it as a violation; None when it does not."""
    violation = next((candidate for candidate in constraint.violations if _is_of(candidate, subject)), None)
    if violation is None:
        return None
    return Judgement(constraint, GateAnswer.REFUSED, violation.action, f"{_title(constraint)}: {clean(violation.message, SHOWN)}")


def _by_audit(constraint: Constraint, subject: GateSubject) -> Judgement:
    title = _title(constraint)
    if _is_unaudited(constraint, subject):
        place = clean(subject.namespace, SHOWN)
        return _say(constraint, GateAnswer.UNKNOWN, f"{title} is not audited in {place}: Gatekeeper's Config leaves it out.")
    if constraint.audited is None or constraint.total is None:
        return _say(constraint, GateAnswer.UNKNOWN, f"{title} has not been audited yet.")
    if constraint.total > len(constraint.violations):
        shown = f"{len(constraint.violations)} of {constraint.total}"
        return _say(constraint, GateAnswer.UNKNOWN, f"{title} lists only {shown} violations, and this is not among them.")
    if subject.created is None:
        return _say(constraint, GateAnswer.UNKNOWN, f"{title} looks at pods, and no pod of it is there.")
    if subject.created > constraint.audited:
        return _say(constraint, GateAnswer.UNKNOWN, f"{title} was last audited before its newest pod came.")
    return _say(constraint, GateAnswer.ADMITTED, f"{title} has found nothing wrong.")


def _is_of(violation: Violation, subject: GateSubject) -> bool:
    is_subject = (violation.kind, violation.name) == (subject.kind, subject.name)
    if violation.namespace != subject.namespace or not (
        is_subject or (violation.kind == "Pod" and violation.name in subject.pods)
    ):
        return False
    words = violation.message.replace(",", " ").replace("<", " ").replace(">", " ").replace('"', " ").split()
    # A message about one container is not about the others; one that names none is about the whole pod.
    return subject.image in words or subject.container in words or subject.other_containers.isdisjoint(words)


def _say(constraint: Constraint, answer: GateAnswer, sentence: str) -> Judgement:
    return Judgement(constraint, answer, constraint.action, sentence)


def _title(constraint: Constraint) -> str:
    owner = f" ({constraint.managed_by})" if constraint.managed_by else ""
    return f"{clean(constraint.title or constraint.kind, 80)} {clean(constraint.name, 80)}{clean(owner, 40)}"


# ---- rehearsal


def rehearse(snapshot: Snapshot) -> tuple[Refusal, ...]:
    """What would be refused, or might be, if every constraint that warns or only audits were to deny."""
    refusals = []
    for key, workload in snapshot.workloads.items():
        gate = snapshot.gates.get(key.cluster)
        softer = (
            [constraint for constraint in gate.constraints if constraint.action is not Enforcement.DENY]
            if gate is not None
            else []
        )
        for container in workload.containers if softer else ():
            pods = ((pod.name, pod.created) for pod in container.pod_refs)
            others = ((sibling.name, sibling.image) for sibling in workload.containers)
            judgements = ask(softer, subject_of(key, container.name, container.image, pods, others))
            refusals += [
                Refusal(key, container.name, container.image, judgement)
                for judgement in judgements
                if judgement.answer in (GateAnswer.REFUSED, GateAnswer.UNKNOWN)
            ]
    return tuple(refusals)

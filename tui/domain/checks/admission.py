"""The check `admission`: would the cluster's own gate refuse the container now?"""

from __future__ import annotations

from collections.abc import Iterable

from tui.domain.checks.context import ContainerContext
from tui.domain.checks.gate import GateAnswer, Judgement, ask, subject_of
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.facts.admission import Enforcement, Gate
from tui.domain.policy.rules import Rules

__all__ = ["check_admission"]

_SHOWN = 3
_FIELDS = {Enforcement.DENY: "admission_deny", Enforcement.WARN: "admission_warn", Enforcement.DRYRUN: "admission_dryrun"}
_LEADS = {
    Enforcement.DENY: "The cluster would refuse a new pod of it.",
    Enforcement.WARN: "The cluster lets it in, with a warning.",
    Enforcement.DRYRUN: "The cluster lets it in, as the rule only audits.",
}
_BRIEFS = {Enforcement.DENY: "refused by the gate", Enforcement.WARN: "gate warns", Enforcement.DRYRUN: "gate would refuse"}
_AUDIT = "Let the gate's audit run, and the rules be read: trustree doctor says what is missing."
_REMEDY = "Deploy an image that the rule allows, or change the rule."


def check_admission(context: ContainerContext) -> Check:
    """Whether a constraint of the cluster is violated, and what the gate does about it."""
    gate = context.gate
    if gate is None:
        return Check(CheckName.ADMISSION, State.OFF, "The cluster's admission rules are not read.")
    if gate.absent:
        return _check(gate, State.OFF, gate.absent)
    if context.cluster_lost or gate.unread:
        return _check(
            gate, State.UNKNOWN, context.cluster_lost or gate.unread, brief="gate unknown", remedy=context.remedy or gate.remedy
        )
    container = context.container
    pods = ((ref.name, ref.created) for ref in container.refs)
    subject = subject_of(context.workload, container.slot[1], container.image, pods, context.siblings)
    judgements = list(ask(gate.constraints, subject))
    refused = [judgement for judgement in judgements if judgement.answer is GateAnswer.REFUSED]
    unsure = [judgement for judgement in judgements if judgement.answer is GateAnswer.UNKNOWN]
    refusal = _refused(gate, refused, context.rules)
    if refusal is not None and (refusal.state is State.FAIL or not (unsure or gate.partial)):
        return refusal
    if gate.partial or (unsure and (container.refs or any(judgement.constraint.opaque for judgement in unsure))):
        why = " ".join(filter(None, (gate.partial, _sentences(unsure), refusal.reason if refusal is not None else "")))
        return _check(
            gate, State.UNKNOWN, f"Whether the cluster would refuse it is not known: {why}", "admission", "gate unknown", _AUDIT
        )
    if refusal is not None:
        return refusal
    if unsure:
        return _check(gate, State.OFF, _sentences(unsure))
    unasked = [judgement for judgement in judgements if judgement.answer is GateAnswer.UNASKED]
    if unasked:
        return _check(gate, State.OFF, f"The cluster would let it in unasked: {_sentences(unasked)}")
    rules = "every rule that is about it" if len(judgements) > 1 else "the one rule that is about it"
    meets = f"it meets {rules}" if judgements else "no rule is about it"
    return _check(gate, State.PASS, f"The cluster would let it in: {meets}.")


def _refused(gate: Gate, refused: list[Judgement], rules: Rules) -> Check | None:
    """The answer of the constraints that are violated: the hardest action counts, as far as it is known."""
    enforced = [judgement for judgement in refused if judgement.action in _FIELDS]
    if not enforced:
        return _undecided(gate, refused) if refused else None
    states = {action: getattr(rules, field) for action, field in _FIELDS.items()}
    action = max(
        (judgement.action for judgement in enforced),
        key=lambda candidate: (states[candidate].severity, candidate is Enforcement.DENY),
    )
    if len(enforced) < len(refused) and states[action] is not State.FAIL:
        return _undecided(gate, refused)
    reason = f"{_LEADS[action]} {_sentences(judgement for judgement in enforced if judgement.action is action)}"
    return _check(gate, states[action], reason, rules.cite(_FIELDS[action]), _BRIEFS[action], _REMEDY)


def _undecided(gate: Gate, refused: list[Judgement]) -> Check:
    reason = f"A rule is violated, and what the cluster does then depends on where it is asked: {_sentences(refused)}"
    return _check(gate, State.UNKNOWN, reason, brief="gate unknown", remedy=_REMEDY)


def _sentences(judgements: Iterable[Judgement]) -> str:
    sentences = list(dict.fromkeys(judgement.sentence for judgement in judgements))
    more = f" And {len(sentences) - _SHOWN} more." if len(sentences) > _SHOWN else ""
    return f"{' '.join(sentences[:_SHOWN])}{more}"


def _check(gate: Gate, state: State, reason: str, rule: str = "admission", brief: str = "", remedy: str = "") -> Check:
    return Check(CheckName.ADMISSION, state, reason, (gate.source,), gate.at, rule, brief, remedy)

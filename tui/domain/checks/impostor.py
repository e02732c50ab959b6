"""Same name, something else: a part of the check `identity`."""

from __future__ import annotations

import msgspec

from tui.domain.checks.context import ContainerContext
from tui.domain.common.text import clean
from tui.domain.common.trust import Check, State
from tui.domain.workloads.impostor import Suspicion

__all__ = ["with_suspicion"]

_FIND_OUT = "Find out who pushed it"


def with_suspicion(check: Check, context: ContainerContext) -> Check:
    """The check with how the image differs from all that ran before under its name; unchanged when nothing is odd."""
    suspicion, state = context.suspicion, context.rules.impostor
    if suspicion is None or context.cluster_lost or state is State.OFF:
        return check
    if suspicion.doubt and state is not State.PASS:
        return _doubted(check, suspicion)
    if not suspicion.impostor or state.severity < check.state.severity:
        return msgspec.structs.replace(check, reason=f"{check.reason} {suspicion.sentence}")
    return msgspec.structs.replace(
        check,
        state=state,
        reason=f"{suspicion.sentence} {check.reason}",
        brief="unlike what ran before",
        remedy=_remedy(suspicion),
        rule=context.rules.cite("impostor"),
    )


def _remedy(suspicion: Suspicion) -> str:
    good = suspicion.predecessor
    if good is None:
        return f"{_FIND_OUT}, and run nothing of it until then."
    name = good.reference
    return f"{_FIND_OUT}. Until then pin the last one before it ({clean(suspicion.place, 80)}): {name}."


def _doubted(check: Check, suspicion: Suspicion) -> Check:
    """What signatures told is not known while nobody looks at them."""
    reason = f"Whether it is signed as what ran before is not known: {suspicion.doubt} {check.reason}"
    if State.UNKNOWN.severity < check.state.severity:
        return msgspec.structs.replace(check, reason=reason)
    return msgspec.structs.replace(check, state=State.UNKNOWN, reason=reason, brief="signer unknown")

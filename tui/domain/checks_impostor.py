"""Same name, something else: a part of the check `identity`."""

from __future__ import annotations

import msgspec

from tui.domain.check_context import ContainerContext
from tui.domain.impostor import Suspicion
from tui.domain.trust import Check, State

__all__ = ["with_suspicion"]

_REMEDY = "Find out who pushed it, and pin the digest that is known to be good until then."


def with_suspicion(check: Check, context: ContainerContext) -> Check:
    """The check with how the image differs from all that ran before under its name; unchanged when nothing is odd."""
    found, state = context.suspicion, context.rules.impostor
    if found is None or context.lost or state is State.OFF:
        return check
    if found.doubt and state is not State.PASS:
        return _doubted(check, found)
    if not found.impostor or state.severity < check.state.severity:
        return msgspec.structs.replace(check, reason=f"{check.reason} {found.sentence}")
    return msgspec.structs.replace(
        check,
        state=state,
        reason=f"{found.sentence} {check.reason}",
        brief="unlike what ran before",
        remedy=_REMEDY,
        rule=context.rules.cite("impostor"),
    )


def _doubted(check: Check, found: Suspicion) -> Check:
    """What signatures told is not known while nobody looks at them."""
    reason = f"Whether it is signed as what ran before is not known: {found.doubt} {check.reason}"
    if State.UNKNOWN.severity < check.state.severity:
        return msgspec.structs.replace(check, reason=reason)
    return msgspec.structs.replace(check, state=State.UNKNOWN, reason=reason, brief="signer unknown")

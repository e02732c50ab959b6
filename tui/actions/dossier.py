"""What else a containment is about: as whom the compromised pods act, and which secrets they know. Names only."""

from __future__ import annotations

import asyncio

import msgspec

from tui.actions.outside import RightsAsked
from tui.domain.common.text import clean, full_stop, listed
from tui.domain.facts.rollout import PodIdentity
from tui.domain.facts.workload import ObjectKey
from tui.domain.plans.containing import MOUNTS_UNREAD
from tui.domain.plans.plan import Plan, Step
from tui.errors import SourceError

__all__ = ["with_identities"]

AT_ONCE = 16
SHOWN = 20


async def with_identities(plan: Plan, asked_of: RightsAsked, longest: float) -> Plan:
    """The plan with what its workloads say of their pods' service accounts and secrets, or with why that is not known."""
    steps = {step.workload: step for step in plan.steps if step.workload is not None}
    slots, notes, unknown = asyncio.Semaphore(AT_ONCE), dict[ObjectKey, str](), dict[ObjectKey, str]()

    async def ask(key: ObjectKey, step: Step) -> None:
        async with slots:
            try:
                async with asyncio.timeout(longest):
                    identity = await _asked(key, asked_of)
            except (TimeoutError, SourceError) as error:
                reason = full_stop(error.headline) if isinstance(error, SourceError) else f"No answer came within {longest:g} s."
                unknown[key] = f"Which secrets {clean(step.target, 100)} can read is not known. {reason}"
                return
        if identity is not None:
            notes[key] = _words(step, identity)
        else:
            unknown[key] = f"Which secrets {clean(step.target, 100)} can read is not known: it cannot be read here."

    await asyncio.gather(*(ask(key, step) for key, step in steps.items()))
    left = tuple(sentence for sentence in plan.unknown if sentence != MOUNTS_UNREAD or not steps)
    identity_notes = tuple(notes[key] for key in steps if key in notes)
    return msgspec.structs.replace(
        plan, notes=(*plan.notes, *identity_notes), unknown=(*left, *(unknown[key] for key in steps if key in unknown))
    )


async def _asked(key: ObjectKey, asked_of: RightsAsked) -> PodIdentity | None:
    cluster = asked_of.redeployers.get(key.cluster)
    return await cluster.identity(key) if cluster is not None else None


def _words(step: Step, identity: PodIdentity) -> str:
    account = f"The pods of {clean(step.target, 100)} act as service account {identity.service_account}"
    token = "" if identity.has_token else ", whose token is not mounted"
    if not identity.secrets:
        return f"{account}{token}, and use no secret."
    return f"{account}{token}, and can read {listed(identity.secrets, SHOWN)}: rotate these secrets."

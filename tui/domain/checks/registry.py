"""Does an image come from a registry that is trusted: by the policy's patterns, or as an Azure registry of ours.

Trust never follows from a sign-in alone: whoever may exchange a token at a registry need not own it. Without a pattern an
Azure registry must be ours, as Azure Resource Graph or the operator says, and a real identity must be signed in to it.
"""

from __future__ import annotations

from typing import assert_never

from tui.domain.checks.context import ImageContext
from tui.domain.common.source_id import SourceKind, alone
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.facts.events import Owner
from tui.domain.facts.patterns import is_azure_registry
from tui.domain.facts.source_health import RegistrySession

__all__ = ["check_registry"]

BY_POLICY = "Use one from a trusted registry, or name this one under `trusted` in a policy."
BRIEF_UNKNOWN, BRIEF_UNTRUSTED = "registry unknown", "untrusted registry"


def check_registry(context: ImageContext) -> Check:
    """Does it come from a registry and repository that the policy trusts? Answered by the name, and who is signed in."""
    name = context.key.name
    rules = context.rules
    for pattern in rules.trusted:
        if pattern.matches(name):
            return _registry(State.PASS, f"{name} is trusted.", rules.cite("trusted", pattern.text))
    if rules.trust_signed_in and is_azure_registry(name.registry):
        return _azure(context, name.registry)
    reason = f"{name} matches no trusted registry or repository."
    return _registry(State.FAIL, reason, rules.cite("trusted"), BRIEF_UNTRUSTED, BY_POLICY)


def _azure(context: ImageContext, registry: str) -> Check:
    rule, session = context.rules.cite("trust_signed_in"), context.session
    if session is None or not (session.identity or session.certain):
        why = context.registry_lost or "it has not answered yet."
        reason = f"Whether {registry} is ours, and who is signed in to it, is not known: {why}"
        return _registry(State.UNKNOWN, reason, rule, BRIEF_UNKNOWN)
    if session.off:
        reason = f"{registry} is not asked, so that nobody is signed in to it."
        return _registry(
            State.FAIL, reason, rule, BRIEF_UNTRUSTED, f"Set `ask = true` in its settings, or --registry {registry}."
        )
    state, reason, remedy = _signed_in(registry, session) if session.identity else _nobody(registry, session)
    brief = {State.UNKNOWN: BRIEF_UNKNOWN, State.FAIL: BRIEF_UNTRUSTED}.get(state, "")
    return _registry(state, reason, rule, brief, remedy)


def _signed_in(registry: str, session: RegistrySession) -> tuple[State, str, str]:
    """State, reason and remedy where a real identity is signed in."""
    basis, who = session.ownership.basis, session.identity
    match session.ownership.owner:
        case Owner.OURS:
            return State.PASS, f"{registry} is an Azure registry of ours: it {basis}, and {who} is signed in to it.", ""
        case Owner.FOREIGN:
            return State.FAIL, f"{registry} is signed in to by {who}, but it is not ours: it {basis}.", _if_ours(registry)
        case Owner.UNKNOWN:
            reason = f"{registry} is signed in to as {who}, which does not make it ours: whose it is {basis}."
            return State.UNKNOWN, reason, _if_ours(registry)
        case _:
            assert_never(session.ownership.owner)


def _nobody(registry: str, session: RegistrySession) -> tuple[State, str, str]:
    """State, reason and remedy where nobody is signed in."""
    basis = session.ownership.basis
    match session.ownership.owner:
        case Owner.FOREIGN:
            return State.FAIL, f"{registry} is not ours: it {basis}, and it is read anonymously.", _if_ours(registry)
        case _ if session.refused:
            reason = f"Nobody is signed in to {registry}: {session.refused.removesuffix('.')}."
            return State.UNKNOWN, reason, f"Sign in: `az login`, or `docker login {registry}`."
        case Owner.OURS:
            reason = f"{registry} {basis}, but nobody is signed in to it: it is read anonymously."
            return State.FAIL, reason, f"Sign in: `az login`, or `docker login {registry}`."
        case Owner.UNKNOWN:
            reason = f"Nobody is signed in to {registry}, and whose it is {basis}: it is read anonymously."
            return State.FAIL, reason, _if_ours(registry)
        case _:
            assert_never(session.ownership.owner)


def _if_ours(registry: str) -> str:
    return f"If it is yours, name it: --registry {registry} signs in to it. Otherwise name it under `trusted` in a policy."


def _registry(state: State, reason: str, rule: str, brief: str = "", remedy: str = "") -> Check:
    return Check(CheckName.REGISTRY, state, reason, alone(SourceKind.POLICY), rule=rule, brief=brief, remedy=remedy)

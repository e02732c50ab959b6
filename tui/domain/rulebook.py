"""Which rules count where, at one moment."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tui.domain.exceptions import PolicyException
from tui.domain.policy import Policy
from tui.domain.rules import Rules
from tui.domain.scopes import Place, Scope, covers, specificity

__all__ = ["RuleBook", "scopes_at"]


class RuleBook:
    """The rules of a policy by place, worked out once for each; equal rules are one object.

    `key` is equal for books that answer alike: the policy, and which of its exceptions have not expired at `now`.
    """

    def __init__(self, policy: Policy, now: datetime) -> None:
        self._policy = policy
        self._active = tuple(each for each in policy.exceptions if now < each.until)
        self._expired = tuple(each for each in policy.exceptions if now >= each.until)
        self.key = policy, tuple(each.id for each in self._active)
        self._plain = not policy.scopes and not policy.exceptions
        self._kept: dict[Place, Rules] = {}
        self._one: dict[Rules, Rules] = {}

    def rules(self, place: Place) -> Rules:
        """The rules at a place."""
        if self._plain:
            return self._policy.rules
        found = self._kept.get(place)
        if found is None:
            made = self._made(place)
            found = self._kept[place] = self._one.setdefault(made, made)
        return found

    def _made(self, place: Place) -> Rules:
        fields: dict[str, object] = {}
        origins = dict(self._policy.rules.origins)
        for scope in reversed(scopes_at(self._policy, place)):
            fields.update(scope.settings)
            origins.update((name, f"scope {scope.name}") for name, _ in scope.settings)
        fields["origins"] = tuple(sorted(origins.items()))
        fields["exceptions"] = _about(self._active, place)
        fields["expired"] = _about(self._expired, place)
        return msgspec.structs.replace(self._policy.rules, **fields)


def scopes_at(policy: Policy, place: Place) -> list[Scope]:
    """The scopes that count at a place, the most specific first."""
    found = [(rank, scope) for scope in policy.scopes if (rank := specificity(scope, place)) is not None]
    found.sort(key=lambda each: each[1].name)
    found.sort(key=lambda each: each[0], reverse=True)  # stable: equally specific scopes stay sorted by name
    return [scope for _, scope in found]


def _about(exceptions: tuple[PolicyException, ...], place: Place) -> tuple[PolicyException, ...]:
    return tuple(sorted((each for each in exceptions if covers(each, place)), key=lambda each: each.id))

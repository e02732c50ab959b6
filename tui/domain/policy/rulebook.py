"""Which rules count where, at one moment."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from tui.domain.facts.image import RepositoryName
from tui.domain.policy.policy import Policy
from tui.domain.policy.rules import Rules
from tui.domain.policy.scopes import Closeness, PolicyTarget, Rank, Scope, closest_name, closest_repository, scopes_by
from tui.domain.policy.waivers import PolicyException

__all__ = ["RuleBook"]

K = TypeVar("K", bound=Hashable)
Found = tuple[Closeness | None, ...]
"""How close each scope and each exception is to a repository, a namespace or a cluster; None where it is not met."""


class RuleBook:
    """The rules of a policy by place; equal rules are one object.

    Places are many, what tells them apart is little: a repository, a namespace and a cluster are each compared with the
    patterns once, and rules are made once for places that meet the same.

    `key` is equal for books that answer alike: the policy, and which of its exceptions have not expired at `now`.
    """

    def __init__(self, policy: Policy, now: datetime) -> None:
        self._policy = policy
        parts: tuple[Scope | PolicyException, ...] = (*policy.scopes, *policy.exceptions)
        self._parts = parts
        self._active = frozenset(exception for exception in policy.exceptions if now < exception.until)
        self.key = policy, self._active
        # None of them refers to the book: one is made each round, and goes without the collector of garbage.
        self._repositories: _Met[RepositoryName | None] = _Met(
            lambda name: tuple(closest_repository(part.repositories, name) for part in parts)
        )
        self._namespaces: _Met[str] = _Met(lambda name: tuple(closest_name(part.namespaces, name) for part in parts))
        self._clusters: _Met[str] = _Met(lambda name: tuple(closest_name(part.clusters, name) for part in parts))
        self._kept: dict[tuple[int, int, int], Rules] = {}
        self._one: dict[Rules, Rules] = {}

    @property
    def varies(self) -> bool:
        """Whether the rules may differ from place to place."""
        return bool(self._parts)

    def rules(self, place: PolicyTarget) -> Rules:
        """The rules at a place."""
        if not self._parts:
            return self._policy.rules
        closenesses = (
            self._repositories.number(place.name),
            self._namespaces.number(place.namespace),
            self._clusters.number(place.cluster),
        )
        rules = self._kept.get(closenesses)
        if rules is None:
            merged = self._made(*closenesses)
            rules = self._kept[closenesses] = self._one.setdefault(merged, merged)
        return rules

    def _made(self, repository: int, namespace: int, cluster: int) -> Rules:
        closenesses = zip(
            self._repositories.found(repository), self._namespaces.found(namespace), self._clusters.found(cluster), strict=True
        )
        ranks = [_rank(*closeness) for closeness in closenesses]
        count = len(self._policy.scopes)
        fields: dict[str, object] = {}
        origins = dict(self._policy.rules.origins)
        for scope in reversed(scopes_by(self._policy.scopes, ranks[:count])):
            fields.update(scope.settings)
            origins.update((name, f"scope {scope.name}") for name, _ in scope.settings)
        exceptions = [
            exception for exception, rank in zip(self._policy.exceptions, ranks[count:], strict=True) if rank is not None
        ]
        fields["origins"] = tuple(sorted(origins.items()))
        fields["exceptions"] = _sorted([exception for exception in exceptions if exception in self._active])
        fields["expired"] = _sorted([exception for exception in exceptions if exception not in self._active])
        return msgspec.structs.replace(self._policy.rules, **fields)


class _Met(Generic[K]):
    """What names of one kind meet: equal answers have one number."""

    def __init__(self, compare: Callable[[K], Found]) -> None:
        self._compare = compare
        self._numbers: dict[K, int] = {}
        self._known: dict[Found, int] = {}
        self._answers: list[Found] = []

    def number(self, name: K) -> int:
        """The number of what a name meets."""
        number = self._numbers.get(name)
        if number is None:
            answer = self._compare(name)
            number = self._numbers[name] = self._known.setdefault(answer, len(self._answers))
            if number == len(self._answers):
                self._answers.append(answer)
        return number

    def found(self, number: int) -> Found:
        """What has this number."""
        return self._answers[number]


def _rank(repository: Closeness | None, namespace: Closeness | None, cluster: Closeness | None) -> Rank | None:
    """How close something is that must meet all three; None where it does not."""
    return None if repository is None or namespace is None or cluster is None else (repository, namespace, cluster)


def _sorted(exceptions: Sequence[PolicyException]) -> tuple[PolicyException, ...]:
    return tuple(sorted(exceptions, key=lambda exception: exception.id))

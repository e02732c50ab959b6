"""Where a part of a policy counts, and which of several parts counts more.

A scope counts where each of its conditions (clusters, namespaces, repositories) is met by one of its patterns; a condition
without patterns is always met. Each setting comes from the most specific scope that has it. More specific is, in this
order: the closer repository pattern, the closer namespace pattern, the closer cluster pattern; a scope without the condition
comes last. Of two repository patterns the one of more parts is closer, then the one with fewer `*`, then the longer one; of
two names the one without `*`, then the longer one. Of scopes that are equally specific the first by name counts. Their order
in the file never matters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import msgspec

from tui.domain.facts.image import RepositoryName
from tui.domain.facts.patterns import Pattern

__all__ = ["Closeness", "PolicyTarget", "Rank", "Scope", "closest_name", "closest_repository", "scopes_by", "tied"]

Closeness = tuple[int, int, int]
"""Parts of a pattern, minus its wildcards, its literal characters: the greater, the closer."""
_OPEN: Closeness = (0, 0, 0)
Rank = tuple[Closeness, Closeness, Closeness]
"""How close a scope is in its repositories, namespaces and clusters."""


class PolicyTarget(msgspec.Struct, frozen=True, gc=False):
    """Where a question is asked: cluster and namespace are empty for an image that does not run."""

    cluster: str = ""
    namespace: str = ""
    name: RepositoryName | None = None


class Scope(msgspec.Struct, frozen=True):
    """A part of a policy that counts in some places; `settings` are fields of the rules with their values."""

    name: str
    settings: tuple[tuple[str, object], ...]
    clusters: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    repositories: tuple[Pattern, ...] = ()


def scopes_by(scopes: Sequence[Scope], ranks: Sequence[Rank | None]) -> list[Scope]:
    """The scopes that count, the most specific first; `ranks` are in their order, None for one that does not count."""
    ranked = sorted(
        ((rank, scope) for scope, rank in zip(scopes, ranks, strict=True) if rank is not None), key=lambda pair: pair[1].name
    )
    ranked.sort(key=lambda pair: pair[0], reverse=True)  # stable: equally specific scopes stay sorted by name
    return [scope for _, scope in ranked]


def tied(scopes: tuple[Scope, ...]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Pairs of scopes, by name, that can be equally specific at one place and differ in some settings: which the name decides."""
    ordered = sorted(scopes, key=lambda scope: scope.name)
    for place, first in enumerate(ordered):
        for second in ordered[place + 1 :]:
            other = dict(second.settings)
            fields = tuple(name for name, value in first.settings if name in other and other[name] != value)
            if fields and _alike(first, second):
                yield first.name, second.name, fields


def _alike(first: Scope, second: Scope) -> bool:
    """Whether two scopes share a pattern in each condition: elsewhere one is closer, as far as can be told."""
    pairs = (
        (first.repositories, second.repositories),
        (first.namespaces, second.namespaces),
        (first.clusters, second.clusters),
    )
    return all(set(patterns) & set(others) or not (patterns or others) for patterns, others in pairs)


def closest_repository(patterns: Iterable[Pattern], name: RepositoryName | None) -> Closeness | None:
    """How close the closest of the patterns is that a repository meets; None when it meets none of several."""
    if not patterns:
        return _OPEN
    matching = (pattern for pattern in patterns if name is not None and pattern.matches(name))
    return max(((1 + len(pattern.parts), -pattern.text.count("*"), len(pattern.text)) for pattern in matching), default=None)


def closest_name(patterns: Iterable[str], name: str) -> Closeness | None:
    """How close the closest of the patterns is that a name meets; None when it meets none of several."""
    if not patterns:
        return _OPEN
    matching = (pattern for pattern in patterns if name and _name_pattern(pattern).fullmatch(name))
    return max(((1, -pattern.count("*"), len(pattern)) for pattern in matching), default=None)


@lru_cache(maxsize=1024)
def _name_pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in text.split("*")), re.DOTALL)

"""What may be changed at all, and what only after its name was typed: asked before a plan is begun."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from tui.domain.common.text import clean, listed
from tui.domain.facts.build import BuilderKind
from tui.domain.plans.plan import Plan, Step
from tui.errors import UsageError

__all__ = ["Permissions"]


class Permissions(msgspec.Struct, frozen=True):
    """What the command line and the settings allow: `everywhere`, or these clusters, registries and builders by their names.

    Of `protected` clusters the name is to be typed.
    """

    everywhere: bool = False
    clusters: frozenset[str] = frozenset()
    registries: frozenset[str] = frozenset()
    builders: frozenset[str] = frozenset()
    protected: frozenset[str] = frozenset()

    @property
    def any(self) -> bool:
        """Whether anything may be changed."""
        return bool(self.everywhere or self.clusters or self.registries or self.builders)

    def allows_cluster(self, cluster: str) -> bool:
        """Whether a cluster may be changed."""
        return self.everywhere or cluster in self.clusters

    def allows_registry(self, registry: str) -> bool:
        """Whether a registry may be changed, and its tasks run."""
        return self.everywhere or registry in self.registries

    def allows_builder(self, kind: BuilderKind, name: str) -> bool:
        """Whether the jobs of a builder may be run."""
        return self.allows_registry(name) if kind is BuilderKind.ACR_TASKS else self.everywhere or name in self.builders

    def missing(self, plan: Plan) -> tuple[str, ...]:
        """What the plan changes and may only be read; empty when all of it may be done."""
        return tuple(dict.fromkeys(place for step in plan.ready if (place := self._missing(step))))

    def protected_in(self, plan: Plan) -> tuple[str, ...]:
        """The clusters of a plan whose names are to be typed."""
        clusters = (step.workload.cluster for step in plan.ready if step.workload is not None)
        return tuple(dict.fromkeys(cluster for cluster in clusters if cluster in self.protected))

    def check(self, plan: Plan, typed: Collection[str]) -> None:
        """See to it that a plan may be begun. Raises UsageError, before anything is sent."""
        missing = self.missing(plan)
        if missing:
            verb, which = ("is", "it") if len(missing) == 1 else ("are", "them")
            raise UsageError(
                f"Nothing is changed: {_places(missing)} {verb} read-only.",
                f"Start with --write, or set write = true for {which} in the settings.",
            )
        names = [name for name in self.protected_in(plan) if name not in typed]
        if names:
            verb, whose = ("is", "its name was") if len(names) == 1 else ("are", "their names were")
            raise UsageError(
                f"Nothing is changed: {_places(names)} {verb} protected, and {whose} not typed.",
                f"Type {'it' if len(names) == 1 else 'them'}, or give --confirm {clean(names[0], 80)}.",
            )

    def _missing(self, step: Step) -> str:
        if step.job is not None:
            return "" if self.allows_builder(step.job.kind, step.job.builder) else step.job.builder
        if step.workload is not None:
            return "" if self.allows_cluster(step.workload.cluster) else step.workload.cluster
        registry = step.image.registry if step.image is not None else ""
        return "" if self.allows_registry(registry) else registry


def _places(names: Iterable[str]) -> str:
    return listed([clean(name, 80) for name in names])

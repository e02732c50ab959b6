"""PodDisruptionBudgets of some workloads: how many pods must stay, and how many may go right now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from tui.demo.cluster.kinds import kind_of
from tui.demo.cluster.store import ObjectStore
from tui.demo.content import Json
from tui.demo.estate.cluster_builder import ClusterObjects
from tui.demo.estate.model import Controller, PodModel
from tui.demo.estate.objects import metadata_of
from tui.demo.estate.recipes import hash_of

__all__ = ["BUDGETS", "Budget", "evictable", "load_budgets", "refresh"]


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget for the pods with a label `app`; so many may be missing."""

    namespace: str
    app: str
    may_miss: int


BUDGETS = (
    Budget("payments", "api", 2),
    Budget("checkout", "cart", 4),
    Budget("identity", "tokens", 1),
    Budget("search", "indexer", 1),
    Budget("catalog", "api", 3),
    Budget("checkout", "redis", 1),
)


def load_budgets(estate: ClusterObjects, store: ObjectStore, created: datetime) -> None:
    """Those of the workloads that this cluster has."""
    present = {(model.namespace, model.name) for model in estate.controllers}
    for budget in BUDGETS:
        if (budget.namespace, budget.app) in present:
            make = partial(_written, budget, estate, created)
            store.load(kind_of("PodDisruptionBudget"), budget.namespace, f"{budget.app}-pdb", make)


def refresh(estate: ClusterObjects, store: ObjectStore, model: Controller) -> None:
    """Count anew for the pods of a workload, as their controller does."""
    budget = _budget_of(model.namespace, model.name)
    if budget is not None:
        make = partial(_written, budget, estate, model.created)
        store.put(kind_of("PodDisruptionBudget"), budget.namespace, f"{budget.app}-pdb", make)


def evictable(estate: ClusterObjects, pod: PodModel) -> bool:
    """Whether a budget lets this pod go now."""
    budget = _budget_of(pod.namespace, pod.labels.get("app", ""))
    return budget is None or not pod.ready or _allowed(budget, estate)[0] > 0


def _budget_of(namespace: str, app: str) -> Budget | None:
    return next((budget for budget in BUDGETS if (budget.namespace, budget.app) == (namespace, app)), None)


def _allowed(budget: Budget, estate: ClusterObjects) -> tuple[int, int, int]:
    """How many pods may go now, how many are healthy, and how many must be."""
    place = budget.namespace, budget.app
    owned = [pod for pod in estate.pods if (pod.namespace, pod.labels.get("app")) == place and pod.deleting is None]
    expected = next((model.replicas or 0 for model in estate.controllers if (model.namespace, model.name) == place), 0)
    healthy, desired = sum(pod.ready for pod in owned), max(expected - budget.may_miss, 0)
    return max(healthy - desired, 0), healthy, desired


def _written(budget: Budget, estate: ClusterObjects, created: datetime, version: str) -> Json:
    allowed, healthy, desired = _allowed(budget, estate)
    uid = f"{abs(hash_of(f'{estate.name}/{budget.namespace}/{budget.app}')):032x}"
    metadata = metadata_of(f"{budget.app}-pdb", f"{uid[:8]}-{uid[8:12]}-4{uid[13:16]}-8{uid[17:20]}-{uid[20:]}", created, version)
    metadata["namespace"] = budget.namespace
    spec: Json = {"maxUnavailable": budget.may_miss, "selector": {"matchLabels": {"app": budget.app}}}
    status: Json = {"disruptionsAllowed": allowed, "currentHealthy": healthy, "desiredHealthy": desired, "observedGeneration": 1}
    return {"metadata": {**metadata, "generation": 1}, "spec": spec, "status": status}

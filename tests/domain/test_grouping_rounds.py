"""Workloads that are gathered round after round are those that would be gathered at once, whoever owns whom meanwhile."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.test_core_laws import PICKS
from tests.laws import examples
from tui.domain.common.memo import Trace, changed_keys
from tui.domain.facts.events import ControllersSeen, Event, ObjectGone, PodsSeen, SourceId, SourceKind
from tui.domain.facts.inventory.inventory import Inventory
from tui.domain.facts.workload import ContainerType, Controller, OwnerRef, Pod, PodContainer, Resource, TemplateContainer
from tui.domain.workloads.grouping import WorkloadGrouping

SOURCES = (SourceId(SourceKind.CLUSTER, "lab"), SourceId(SourceKind.CLUSTER, "lab-again"))
NAMES = ("a", "b", "c", "d")
MAIN = (TemplateContainer("main", ContainerType.CONTAINER, "app:1"),)
RUNS = (PodContainer("main", ContainerType.CONTAINER, "app:1"),)


def owner_of(pick: random.Random) -> OwnerRef | None:
    """Somebody by a uid, which may be nobody's, and by a name, which may be another's."""
    if pick.random() < 0.3:
        return None
    kind = pick.choice(("ReplicaSet", "Deployment", "Ring", "Node"))
    return OwnerRef("v1", kind, pick.choice(NAMES), f"uid-{pick.choice((*NAMES, 'nobody'))}")


def something(pick: random.Random) -> Event:
    """A pod or a controller is there, is another, or is gone."""
    source, name, spot = pick.choice(SOURCES), pick.choice(NAMES), pick.choice(("x", "y"))
    resource = pick.choice((Resource.REPLICASETS, Resource.OTHER))
    match pick.randint(0, 5):
        case 0:
            return ObjectGone(source, Resource.PODS, f"pod-{name}")
        case 1:
            return ObjectGone(source, resource, f"uid-{name}")
        case 2 | 3:
            kind, readable = pick.choice(("ReplicaSet", "Deployment", "Ring")), pick.random() < 0.8
            containers = MAIN if pick.random() < 0.6 else ()
            controller = Controller("lab", spot, kind, name, f"uid-{name}", "v1", owner_of(pick), containers, readable=readable)
            return ControllersSeen(source, resource, "", 1, (controller,))
        case _:
            mirror = pick.random() < 0.1
            pod = Pod("lab", spot, name, f"pod-{name}", owner=owner_of(pick), containers=RUNS, mirror=mirror)
            return PodsSeen(source, "", 1, (pod,))


@examples(150)
@given(PICKS, st.integers(1, 40))
def test_what_is_gathered_never_shows_how_it_came(pick: random.Random, number: int) -> None:
    inventory, kept = Inventory(), WorkloadGrouping(Trace())
    for _ in range(number):
        for _ in range(pick.randint(1, 3)):
            inventory.apply(something(pick))
        cluster = inventory.freeze().cluster
        before = kept.workloads.copy()
        others, fresh = kept.renew(cluster), WorkloadGrouping(Trace())
        fresh.renew(cluster)
        assert kept.workloads == fresh.workloads
        assert {key for key in changed_keys(before, kept.workloads) if before.get(key) != kept.workloads.get(key)} <= others

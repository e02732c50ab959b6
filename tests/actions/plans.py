"""Plans made by hand."""

from __future__ import annotations

from datetime import UTC, datetime

from tui.domain.facts.build import BuilderKind, JobKey
from tui.domain.facts.workload import ObjectKey
from tui.domain.plans.plan import Action, Plan, Step, StepKind
from tui.domain.snapshot.snapshot import ImageKey

NOW = datetime(2026, 3, 1, 10, 42, 7, tzinfo=UTC)
REGISTRY = "contoso.azurecr.io"


def digest(number: int) -> str:
    """A digest."""
    return f"sha256:{number:064x}"


def rebuild(name: str, *, needs: tuple[str, ...] = (), wave: int = 1, number: int = 1) -> Step:
    """A step that runs the task of its name."""
    return Step(
        id=name,
        kind=StepKind.REBUILD,
        target=f"{name}:1",
        what=f"Run the task {name}.",
        why="Its base has moved.",
        image=ImageKey(REGISTRY, name, digest(number)),
        job=JobKey(BuilderKind.ACR_TASKS, REGISTRY, name),
        needs=needs,
        wave=wave,
        seconds=60.0,
    )


def restart(name: str, *, needs: tuple[str, ...] = (), wave: int = 2, kind: StepKind = StepKind.RESTART, image: str = "") -> Step:
    """A step that restarts the deployment of its name."""
    return Step(
        id=name,
        kind=kind,
        target=f"prod/{name}",
        what=f"Restart {name}.",
        why="It runs what was built before.",
        image=ImageKey(REGISTRY, image or name, digest(1)),
        workload=ObjectKey("prod-weu", "prod", "Deployment", name),
        containers=("main",),
        needs=needs,
        wave=wave,
    )


def plan_of(*steps: Step, name: str = "p1", action: Action = Action.REBUILD) -> Plan:
    """A plan made just now."""
    return Plan(id=name, action=action, query="base:debian", made=NOW, as_of=NOW, steps=steps, estate=("prod-weu",))

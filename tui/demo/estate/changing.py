"""From an object as a patch made it to the model: what of it the demo keeps, and whether that starts a rollout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tui.demo.estate.model import Box, Controller, Kinds

__all__ = ["Declared", "declared", "read_back", "take"]


@dataclass(frozen=True, slots=True)
class Declared:
    """What somebody declares of a controller, as far as a rollout follows from it."""

    boxes: tuple[Box, ...]
    annotations: Mapping[str, str]
    replicas: int | None
    suspended: bool
    paused: bool
    restart_at: str


def declared(model: Controller) -> Declared:
    """What is declared now."""
    return Declared(
        model.boxes, dict(model.template_annotations), model.replicas, model.suspended, model.paused, model.restart_at
    )


def take(model: Controller, wish: Declared, writer: tuple[str, str] | None = None) -> bool:
    """Let this be declared; whether anything is other than before. `writer` is who wrote the image, if it was written."""
    before = declared(model)
    if before == wish:
        return False
    rolls = (before.boxes, before.annotations) != (wish.boxes, wish.annotations)
    if before.boxes != wish.boxes and writer is not None:
        model.writer = writer
    if model.observed is None and model.kind is not Kinds.CRONJOB:
        model.observed = model.generation
    model.boxes, model.template_annotations, model.replicas = wish.boxes, dict(wish.annotations), wish.replicas
    model.suspended, model.paused, model.restart_at = wish.suspended, wish.paused, wish.restart_at
    model.generation += 1
    model.template += rolls
    return True


def read_back(model: Controller, body: Mapping[str, Any]) -> Declared:
    """What an object declares; what the demo does not keep is left as it was."""
    spec = body["spec"]
    template = spec["jobTemplate"]["spec"]["template"] if model.kind is Kinds.CRONJOB else spec["template"]
    pod = template["spec"]
    images = {container["name"]: container["image"] for container in (*pod.get("initContainers", ()), *pod["containers"])}
    boxes = tuple(replace(box, image=images.get(box.name, box.image)) for box in model.boxes)
    counted = model.kind not in (Kinds.DAEMONSET, Kinds.CRONJOB, Kinds.JOB)
    return Declared(
        boxes,
        dict(template["metadata"].get("annotations") or {}),
        int(spec.get("replicas") or 0) if counted else model.replicas,
        bool(spec.get("suspend")),
        bool(spec.get("paused")),
        str(spec.get("restartAt") or ""),
    )

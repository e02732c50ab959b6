"""What to do when what runs is not what its name says: which image is the expected one comes before any restart."""

from __future__ import annotations

from tui.domain.checks.reading_steps import reading_step
from tui.domain.common.text import clean, short
from tui.domain.snapshot.snapshot import Drift, ImageKey
from tui.domain.workloads.containers import ContainerJoin

__all__ = ["identity_remedy"]


def identity_remedy(container: ContainerJoin) -> str:
    """The next step for a container; empty where there is none."""
    match container.drift:
        case Drift.MOVED | Drift.MIXED:
            return _expected(container)
        case Drift.GONE:
            return "Push the image again or deploy one that is there: a new pod could not start."
        case Drift.UNKNOWN:
            name = container.name
            return reading_step(name.registry if name is not None else "", container.reason)
        case Drift.SAME:
            return ""


def _expected(container: ContainerJoin) -> str:
    others = [key for key in container.runs if key != container.declared]
    old = _listed(others)
    if container.pin:
        return f"Have all pods run {short(container.pin)}, which the workload names: restart it."
    if container.declared is None:
        return f"Find out which of {old} is the expected one: what the tag names now is not known. Pin that digest, then restart."
    name = str(container.declared.name)
    tag = f":{clean(container.tag, 128)}" if container.tag else ""
    meant = f"Find out which build is meant. If it is {short(container.declared.digest)}, which {name}{tag} names now"
    runs = f"pin {old}, which {'runs' if len(others) == 1 else 'run'}," if old else "pin the digest that was tested"
    return f"{meant}, restart the workload. If not, {runs} and find out who moved the tag."


def _listed(keys: list[ImageKey]) -> str:
    """References that can be pinned as they stand."""
    names = [key.reference for key in keys[:3]]
    *first, last = names or [""]
    return f"{', '.join(first)} and {last}" if first else last

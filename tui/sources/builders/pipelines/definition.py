"""The YAML of a pipeline: what starts it besides its source, and its parameters.

Source: learn.microsoft.com, "YAML schema reference for Azure Pipelines", resources.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tui.domain.common.text import clean
from tui.domain.facts.build import BaseDependency, BaseTrigger
from tui.domain.facts.image import RepositoryName
from tui.sources.builders.yaml_files import at, mappings, parsed, texts

__all__ = ["PipelineFile", "pipeline_file"]


class PipelineFile(msgspec.Struct, frozen=True):
    """What the YAML of a pipeline says of what starts it and of its parameters."""

    trigger: BaseTrigger
    bases: tuple[BaseDependency, ...] = ()
    after: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    source: bool | None = None
    schedule: bool = False


def pipeline_file(body: bytes) -> PipelineFile | None:
    """The YAML of a pipeline; None when it cannot be understood. Without `trigger` every push starts it."""
    file = parsed(body)
    if file is None:
        return None
    containers = [entry for entry in mappings(at(file, "resources", "containers")) if "trigger" in entry]
    started = [entry for entry in containers if _is_on(entry["trigger"])]
    after = [entry for entry in mappings(at(file, "resources", "pipelines")) if _is_on(entry.get("trigger", "none"))]
    state = BaseTrigger.ON if started or after else BaseTrigger.OFF if containers else BaseTrigger.NONE
    return PipelineFile(
        trigger=state,
        bases=tuple(base for entry in started if (base := _base(entry))),
        after=tuple(clean(name, 100) for entry in after for name in texts(entry.get("source"))),
        parameters=tuple(name for entry in mappings(file.get("parameters")) for name in texts(entry.get("name"))),
        source=_is_on(file.get("trigger", "true")),
        schedule=bool(mappings(file.get("schedules"))),
    )


def _is_on(trigger: object) -> bool:
    if isinstance(trigger, Mapping):
        return bool(trigger.get("enabled", "true") != "false")
    return trigger not in ("none", "false", "")


def _base(container: Mapping[str, object]) -> BaseDependency | None:
    """The image that a container resource watches: of a registry by its name, or of one by its host."""
    registry, repository = container.get("registry"), container.get("repository")
    if not isinstance(registry, str) or not isinstance(repository, str) or not registry or not repository:
        return None
    host = registry if "." in registry or ":" in registry else f"{registry}.azurecr.io"
    tags = texts(at(container, "trigger", "tags")) or texts(at(container, "trigger", "tags", "include"))
    return BaseDependency(RepositoryName(host.lower(), repository), tag=tags[0] if len(tags) == 1 else "")

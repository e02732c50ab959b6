"""Resources of ACR Tasks as Azure Resource Manager writes them.

Sources: azure-rest-api-specs `containerregistry` RegistryTasks 2019-06-01-preview, 2025-03-01-preview; recordings of azure-cli.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from tui.sources.builders.acr.log import LogAddress
from tui.sources.kit.decoding import decoded

__all__ = [
    "AgentPool",
    "DependencyWire",
    "LogLink",
    "OutputWire",
    "Permission",
    "PlatformWire",
    "QueueStatus",
    "RegistryResource",
    "RunProperties",
    "RunResource",
    "StepWire",
    "TaskResource",
    "TriggerWire",
    "TriggersWire",
    "arm_answer",
]

T = TypeVar("T")


class PlatformWire(msgspec.Struct):
    """What a task builds for."""

    os: str | None = None
    architecture: str | None = None
    variant: str | None = None


class DependencyWire(msgspec.Struct):
    """A base of the last build."""

    type: str | None = None
    registry: str | None = None
    repository: str | None = None
    tag: str | None = None
    digest: str | None = None


class _Named(msgspec.Struct):
    name: str | None = None


class StepWire(msgspec.Struct, rename="camel"):
    """What a task does, in one of three forms."""

    type: str | None = None
    image_names: list[str] | None = None
    is_push_enabled: bool | None = None
    encoded_task_content: str | None = None
    task_file_path: str | None = None
    arguments: list[_Named] | None = None
    values: list[_Named] | None = None
    base_image_dependencies: list[DependencyWire] | None = None


class TriggerWire(msgspec.Struct):
    """A trigger; its kind is told by where it stands."""

    status: str | None = None
    schedule: str | None = None


class _SourceRegistry(msgspec.Struct):
    identity: str | None = None


class _TaskCredentials(msgspec.Struct, rename="camel"):
    source_registry: _SourceRegistry | None = None


class TriggersWire(msgspec.Struct, rename="camel"):
    """What starts a task by itself."""

    base_image_trigger: TriggerWire | None = None
    source_triggers: list[TriggerWire] | None = None
    timer_triggers: list[TriggerWire] | None = None


class _TaskProperties(msgspec.Struct, rename="camel"):
    status: str | None = None
    platform: PlatformWire | None = None
    agent_pool_name: str | None = None
    step: StepWire | None = None
    trigger: TriggersWire | None = None
    credentials: _TaskCredentials | None = None


class TaskResource(msgspec.Struct):
    """A task."""

    id: str
    name: str
    properties: _TaskProperties

    @property
    def takes_arguments(self) -> bool:
        """Whether what it is given goes to a Dockerfile; else it goes to the steps of a file."""
        step = self.properties.step
        return step is not None and (step.type or "").lower() == "docker"

    @property
    def signs_in_to_its_registry(self) -> bool:
        """Whether it has an identity of its own for the registry that it is in."""
        credentials = self.properties.credentials
        source = credentials.source_registry if credentials is not None else None
        return source is not None and (source.identity or "none").lower() != "none"


class OutputWire(msgspec.Struct):
    """An image that a run pushed."""

    registry: str | None = None
    repository: str | None = None
    tag: str | None = None
    digest: str | None = None


class RunProperties(msgspec.Struct, rename="camel"):
    """What is told of a run."""

    run_id: str | None = None
    status: str | None = None
    run_type: str | None = None
    create_time: str | None = None
    start_time: str | None = None
    finish_time: str | None = None
    output_images: list[OutputWire] | None = None
    task: str | None = None
    agent_pool_name: str | None = None
    run_error_message: str | None = None
    update_trigger_token: str | None = None
    image_update_trigger: object = None
    source_trigger: object = None
    timer_trigger: object = None


class RunResource(msgspec.Struct):
    """A run."""

    properties: RunProperties
    id: str = ""
    name: str = ""

    @property
    def run_id(self) -> str:
        """As Azure calls it."""
        return self.properties.run_id or self.name

    @property
    def token(self) -> str:
        """The mark that it was started with, as it was sent; empty where it has none."""
        return self.properties.update_trigger_token or ""


class LogLink(msgspec.Struct, rename="camel"):
    """Where a run's log is, with the signature that opens it."""

    log_link: str | None = None
    log_artifact_link: str | None = None

    @property
    def address(self) -> LogAddress:
        """The artifact of a run whose log was kept as one (azure-cli `acr/_stream_utils.py`), else the blob."""
        return LogAddress(self.log_artifact_link or self.log_link or "", bool(self.log_artifact_link))


class _PoolProperties(msgspec.Struct, rename="camel"):
    count: int | None = None
    provisioning_state: str | None = None


class AgentPool(msgspec.Struct):
    """Machines of one's own for tasks."""

    name: str
    properties: _PoolProperties


class QueueStatus(msgspec.Struct):
    """How many runs wait for a pool."""

    count: int | None = None


class Permission(msgspec.Struct, rename="camel"):
    """What one assignment of a role allows."""

    actions: list[str] = []
    not_actions: list[str] = []


class _NetworkRules(msgspec.Struct, rename="camel"):
    default_action: str | None = None


class PolicyWire(msgspec.Struct, rename="camel"):
    """A policy of a registry: whether it is on, and for how many days."""

    status: str | None = None
    days: int | None = None
    retention_days: int | None = None
    last_updated_time: str | None = None

    @property
    def is_on(self) -> bool:
        """Whether it is enabled."""
        return (self.status or "").lower() == "enabled"


class _PoliciesWire(msgspec.Struct, rename="camel"):
    retention_policy: PolicyWire | None = None
    soft_delete_policy: PolicyWire | None = None


class _RegistryProperties(msgspec.Struct, rename="camel"):
    policies: _PoliciesWire | None = None
    public_network_access: str | None = None
    network_rule_set: _NetworkRules | None = None
    network_rule_bypass_options: str | None = None
    network_rule_bypass_allowed_for_tasks: bool | None = None
    role_assignment_mode: str | None = None

    @property
    def default_action(self) -> str:
        """What happens to an address that no rule names, in small letters."""
        return (self.network_rule_set.default_action or "").lower() if self.network_rule_set is not None else ""


class RegistryResource(msgspec.Struct):
    """A registry."""

    properties: _RegistryProperties


def arm_answer(body: bytes, kind: type[T], purpose: str) -> T:
    """The body of an answer. Raises UntrustedPayload when it is not in the form of the protocol."""
    return decoded(body, kind, f"Azure Resource Manager answered the request to {purpose} in an unknown form")

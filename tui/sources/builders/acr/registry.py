"""What keeps the runs of a registry's tasks from a good end: network rules, missing identities, agent pools without machines.

Sources: learn.microsoft.com/azure/container-registry: bypass-policy-for-tasks (`networkRuleBypassAllowedForTasks`),
rbac-abac-repository-permissions (a task of such a registry needs an identity), tasks-agent-pools (a pool of 0).
"""

from __future__ import annotations

import asyncio

from tui.domain.common.text import clean, full_stop
from tui.domain.facts.retention import RegistryPolicies
from tui.errors import NotFound, SourceError
from tui.sources.builders.acr.resources import AgentPool, QueueStatus, RegistryResource, TaskResource, arm_answer
from tui.sources.builders.acr.rights import READER
from tui.sources.builders.acr.wire import policies_of
from tui.sources.resource_ports import ArmRequest, ResourceManager

__all__ = ["Hindrances"]

API = "2025-11-01"
POOLS_API = "2025-03-01-preview"
KEPT = 60.0
"""Seconds for which what was read is good enough."""


class Hindrances:
    """Reads the registry and its agent pools when a task is described, and keeps that for a while."""

    def __init__(self, arm: ResourceManager, host: str) -> None:
        self._arm, self._host = arm, host
        self._kept: dict[str, tuple[float, tuple[str, str]]] = {}
        self._registry: tuple[float, RegistryResource | None, str] | None = None
        self._reading = asyncio.Lock()

    async def of(self, registry_id: str, task: TaskResource) -> tuple[tuple[str, ...], str]:
        """Sentences about what hinders a task, and why there may be more."""
        async with self._reading:
            registry, refusal = await self._read_registry(registry_id)
            reason = f"its network rules could not be read: {refusal}" if registry is None else _untold(registry)
            pool = task.properties.agent_pool_name or ""
            words, pool_reason = await self._pool(registry_id, pool) if pool else ("", "")
        rules = [] if registry is None else [*_network(registry, bool(pool)), *_identity(registry, task)]
        return tuple(filter(None, (*rules, words))), "; ".join(filter(None, (reason, pool_reason)))

    async def policies(self, registry_id: str) -> RegistryPolicies:
        """What the registry's own resource says of deletions, or why that is not known."""
        async with self._reading:
            registry, refusal = await self._read_registry(registry_id)
        if registry is None:
            return RegistryPolicies(reason=f"The retention policy of {self._host} is not known: {full_stop(refusal)}")
        return policies_of(registry)

    async def queue(self, registry_id: str, pool: str) -> str:
        """What a run waits for that is in the queue of an agent pool; empty where that cannot be told."""
        async with self._reading:
            words, _ = await self._pool(registry_id, pool)
        if words:
            return words
        action = f"count the runs that wait for the agent pool {clean(pool, 80)}"
        path = f"{registry_id}/agentPools/{pool}/listQueueStatus?api-version={POOLS_API}"
        try:
            count = arm_answer(await self._arm.ask(ArmRequest(path, action, ask_for=READER)), QueueStatus, action).count
        except SourceError:
            return ""
        waiting = f"; {count} wait there" if count else ""
        return f"It waits for a machine of the agent pool {clean(pool, 80)}{waiting}."

    async def _read_registry(self, registry_id: str) -> tuple[RegistryResource | None, str]:
        now = asyncio.get_running_loop().time()
        if self._registry is None or self._registry[0] < now:
            self._registry = (now + KEPT, *await self._asked_registry(registry_id))
        return self._registry[1:]

    async def _asked_registry(self, registry_id: str) -> tuple[RegistryResource | None, str]:
        action = f"read the network rules and policies of {self._host}"
        request = ArmRequest(f"{registry_id}?api-version={API}", action, "Microsoft.ContainerRegistry/registries/read", READER)
        try:
            return arm_answer(await self._arm.read(request), RegistryResource, action), ""
        except SourceError as error:
            return None, error.headline

    async def _pool(self, registry_id: str, pool: str) -> tuple[str, str]:
        now = asyncio.get_running_loop().time()
        until, answer = self._kept.get(pool, (0.0, ("", "")))
        if until < now:
            answer = await self._asked_pool(registry_id, pool)
            self._kept[pool] = now + KEPT, answer
        return answer

    async def _asked_pool(self, registry_id: str, pool: str) -> tuple[str, str]:
        name = clean(pool, 80)
        if not pool.isascii() or not pool.replace("-", "").replace("_", "").isalnum():
            return "", f"the agent pool {name} has a name that cannot be asked for"
        action = f"read the agent pool {name} of {self._host}"
        path = f"{registry_id}/agentPools/{pool}?api-version={POOLS_API}"
        request = ArmRequest(path, action, "Microsoft.ContainerRegistry/registries/agentPools/read", READER)
        try:
            properties = arm_answer(await self._arm.read(request), AgentPool, action).properties
        except NotFound:
            return f"The agent pool {name} is not there: runs wait for it in vain.", ""
        except SourceError as error:
            return "", f"the agent pool {name} could not be read: {error.headline}"
        if properties.count == 0:
            return f"The agent pool {name} has no machines: runs wait until it is scaled up.", ""
        state = clean(properties.provisioning_state or "", 40)
        if not state:
            return "", f"Azure does not tell the state of the agent pool {name}"
        return ("" if state.lower() == "succeeded" else f"The agent pool {name} is {state}."), ""


def _untold(registry: RegistryResource) -> str:
    """Why more may hinder its tasks: it is neither open nor closed in a way that is known here."""
    access = registry.properties.public_network_access or ""
    is_told = access.lower() in ("", "enabled", "disabled")  # older versions have no such member, and were open
    return "" if is_told else f"Azure calls its public network access {clean(access, 40)}, which is not known here"


def _network(registry: RegistryResource, has_pool: bool) -> list[str]:
    """A registry that is closed lets tasks in by its own rule; an agent pool stands in the network itself."""
    properties = registry.properties
    is_closed = (properties.public_network_access or "").lower() == "disabled" or properties.default_action == "deny"
    if not is_closed or has_pool:
        return []
    if (properties.network_rule_bypass_options or "").lower() == "none":
        return [
            "The registry is closed to the public network, and lets no Azure service through (networkRuleBypassOptions: None)."
        ]
    if properties.network_rule_bypass_allowed_for_tasks is False:
        return [
            "The registry is closed to the public network, and lets no tasks through (networkRuleBypassAllowedForTasks is off)."
        ]
    return []


def _identity(registry: RegistryResource, task: TaskResource) -> list[str]:
    is_abac = (registry.properties.role_assignment_mode or "").lower() == "abacrepositorypermissions"
    if not is_abac or task.signs_in_to_its_registry:
        return []
    return ["The registry gives rights by repository, and the task has no identity for it: its runs start and fail."]

"""Rights on a registry's tasks, asked without acting: the permissions that Azure says one has there.

Source: REST API `Microsoft.Authorization/permissions` 2022-04-01 (lists of `actions` and `notActions`, with `*`), and the role
definitions of Azure (`Container Registry Tasks Contributor`).
"""

from __future__ import annotations

import re
from contextlib import aclosing

from tui.domain.facts.rights import Right, RightState
from tui.errors import SourceError
from tui.sources.builders.acr.resources import Permission, arm_answer
from tui.sources.resource_ports import ArmRequest, ResourceManager

__all__ = ["ASK_FOR", "CANCEL", "FOLLOW", "LOG", "READ", "READER", "TRIGGER", "allowed", "rights_on"]

_REGISTRIES = "Microsoft.ContainerRegistry/registries"
READ = f"{_REGISTRIES}/tasks/read"
TRIGGER = f"{_REGISTRIES}/scheduleRun/action"
FOLLOW = f"{_REGISTRIES}/runs/read"
LOG = f"{_REGISTRIES}/runs/listLogSasUrl/action"
CANCEL = f"{_REGISTRIES}/runs/cancel/action"
ASK_FOR = "Ask for the role Container Registry Tasks Contributor on the registry."
READER = "Ask for the role Reader on the registry."


def allowed(action: str, permissions: list[Permission]) -> bool:
    """Whether one of the assignments allows an action and does not take it back itself; case does not count."""
    return any(_one_of(action, permission.actions) and not _one_of(action, permission.not_actions) for permission in permissions)


def _one_of(action: str, patterns: list[str]) -> bool:
    return any(re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), action, re.IGNORECASE) for pattern in patterns[:5000])


async def rights_on(arm: ResourceManager, registry_id: str, registry: str) -> tuple[Right, ...]:
    """The rights to read, trigger, follow and cancel; UNKNOWN with the reason where Azure does not tell."""
    purpose = f"list what may be done with {registry}"
    path = f"{registry_id}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"
    try:
        async with aclosing(arm.pages(ArmRequest(path, purpose, "Microsoft.Authorization/permissions/read", READER))) as pages:
            permissions = [arm_answer(bytes(raw), Permission, purpose) async for page in pages for raw in page]
    except SourceError as error:
        return tuple(Right(action, registry, RightState.UNKNOWN, _remedy(action), error.headline) for action in _ACTIONS)
    return tuple(_right(action, registry, permissions) for action in _ACTIONS)


_ACTIONS = (READ, TRIGGER, FOLLOW, LOG, CANCEL)


def _right(action: str, registry: str, permissions: list[Permission]) -> Right:
    if allowed(action, permissions):
        return Right(action, registry, RightState.HELD)
    return Right(action, registry, RightState.MISSING, _remedy(action))


def _remedy(action: str) -> str:
    return READER if action in (READ, FOLLOW) else ASK_FOR

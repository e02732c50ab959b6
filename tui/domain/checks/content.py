"""Content that is not what its digest names: nothing else that is known of such an image, or of its name, matters."""

from __future__ import annotations

import msgspec

from tui.domain.checks.context import ContainerContext, ImageContext
from tui.domain.common.source_id import SourceId
from tui.domain.common.text import capitalized
from tui.domain.common.trust import Check, CheckName, State

__all__ = ["unless_altered"]

_BRIEF = "the registry answered with other bytes"
_REMEDY = (
    "Do not run it. Find out who changed it: the registry, its storage, or a proxy or mirror in between; then push it again."
)


def unless_altered(check: Check, context: ImageContext | ContainerContext) -> Check:
    """The check, failed when the registry answered with other bytes: `registry` of an image, `identity` of a container.

    A digest holds for its content whoever trusts whom, so no rule of the policy has a say.
    """
    match context, check.name:
        case ImageContext(altered=alteration), CheckName.REGISTRY if alteration:
            return _failed(check, alteration, context.source)
        case ContainerContext(), CheckName.IDENTITY if context.container.altered:
            return _failed(check, context.container.altered, context.source)
        case _:
            return check


def _failed(check: Check, alteration: str, source: SourceId) -> Check:
    reason = capitalized(alteration)
    return msgspec.structs.replace(
        check, state=State.FAIL, reason=reason, sources=(source,), rule="content: other bytes", brief=_BRIEF, remedy=_REMEDY
    )

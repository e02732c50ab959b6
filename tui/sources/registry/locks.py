"""Reads and changes what may be done with what an ACR holds, by `azure-containerregistry`: locked, or not to be read.

The package makes the requests and reads the answers; what carries them is ours (`sdk_transport`): token, host, budget, limits and
log. It is loaded in a thread, when the first question is asked.
Each change is read first, sent once with all four attributes, and read again where no answer tells what became of it: they are
set to values, so that reading tells. What they mean: "Lock a container image in an Azure container registry" on
learn.microsoft.com.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import Any

import msgspec

from tui.domain.common.decoding import from_json
from tui.domain.facts.image import Locks
from tui.domain.facts.rights import Right, RightState
from tui.errors import Changed, Forbidden, Inapplicable, OutcomeUnknown, ServerFault, SourceError, Unreachable
from tui.packages import load_package
from tui.sources.acting_ports import LockTarget
from tui.sources.kit.troubles import never_sent
from tui.sources.registry.client import RegistryClient
from tui.sources.registry.faults import RequestContext

__all__ = ["AcrLocks", "lock_words"]

RIGHT = "metadata/write"
REMEDY = (
    "AcrPush on the registry has it, a token of the registry needs metadata/write in its scope map; "
    "with ABAC ask for Container Registry Repository Writer on the repository."
)
_WORDS = (("delete", "deleted"), ("write", "overwritten"), ("read", "pulled"), ("list", "listed"))


class AcrLocks:
    """A `RegistryLocks` of one registry; of any other than an ACR it says that it has no such thing."""

    def __init__(self, client: RegistryClient) -> None:
        self._client = client
        self._sdk: Any = None

    @property
    def registry(self) -> str:
        """The registry's host."""
        return self._client.options.host

    async def read(self, target: LockTarget) -> Locks:
        """What may be done with it now."""
        sdk, repository = await self._open(), target.name.repository
        context = self._client.asked_list(f"the attributes of {_words(target)}", repository)
        if not target.reference:
            properties = await sdk.properties_of_repository(repository, context)
        elif ":" in target.reference:
            properties = await sdk.properties_of_manifest(repository, target.reference, context)
        else:
            properties = await sdk.properties_of_tag(repository, target.reference, context)
        return _locks(properties)

    async def rights(self, target: LockTarget) -> tuple[Right, ...]:
        """Whether a token of this registry allows to write metadata, which is asked for and not used."""
        self._check_kind()
        repository = target.name.repository
        name, place = RIGHT, f"{self.registry}/{repository}"
        try:
            await self._client.ping()
            header = await self._client.auth.authorization(f"repository:{repository}:metadata_read,metadata_write")
        except Forbidden as error:
            return (Right(name, place, RightState.MISSING, REMEDY, error.headline),)
        except SourceError as error:
            return (Right(name, place, RightState.UNKNOWN, error.remedy, error.headline),)
        actions = _granted(header, repository)
        if actions is None:
            return (Right(name, place, RightState.UNKNOWN, REMEDY, "The sign-in does not say what it allows."),)
        granted = "metadata_write" in actions or "*" in actions
        return (Right(name, place, RightState.HELD if granted else RightState.MISSING, "" if granted else REMEDY),)

    async def change(self, target: LockTarget, current: Locks, desired: Locks) -> Locks:
        """Put `desired` in place of `current`; what the registry says afterwards."""
        now = await self.read(target)
        if _same(now, desired):
            return now
        if not _same(now, current):
            raise _changed(target, current, now)
        context = RequestContext(self.registry, f"a change of the attributes of {_words(target)}", RIGHT, REMEDY)
        values = {f"can_{name}": bool(getattr(desired, name)) for name, _ in _WORDS}
        try:
            after = _locks(await (await self._open()).update(target.name.repository, target.reference, values, context))
        except (Unreachable, ServerFault) as error:
            if never_sent(error):
                raise
            after = await self._looked_up(target, desired, error)
        if not _same(after, desired):
            raise OutcomeUnknown(
                f"{self.registry} took the change of {_words(target)}, but does not show it.",
                "Look at it before it is sent again: az acr repository show.",
            )
        return after

    async def _looked_up(self, target: LockTarget, intended: Locks, error: SourceError) -> Locks:
        """What the registry shows after an answer was lost. Raises OutcomeUnknown when that is not what was wanted."""
        unknown = OutcomeUnknown(
            f"The change of {_words(target)} was sent to {self.registry}, and no answer says whether it was done.",
            "Look at it before it is sent again: az acr repository show.",
        )
        try:
            after = await self.read(target)
        except SourceError:
            raise unknown from error
        if not _same(after, intended):
            raise unknown from error
        return after

    def _check_kind(self) -> None:
        if not self._client.options.acr:
            raise Inapplicable(
                f"{self.registry} is not an Azure Container Registry: it has no locks that could be set from here.",
                "Use what this registry offers: immutable tags, a quarantine, or a rule at the clusters' admission.",
            )

    async def _open(self) -> Any:
        self._check_kind()
        if self._sdk is None:
            module = await asyncio.to_thread(load_package, "tui.sources.registry.sdk_transport")
            self._sdk = module.RegistrySdk(self._client)
        return self._sdk


def lock_words(locks: Locks) -> str:
    """How a repository or a manifest is locked, for the operator."""
    barred = [verb for name, verb in _WORDS[:2] if not getattr(locks, name)]
    return f"is locked: it cannot be {' or '.join(barred)}" if barred else "is not locked"


def _words(target: LockTarget) -> str:
    return str(LockTarget(target.name, target.reference[:19])) if ":" in target.reference else str(target)


def _locks(properties: Any) -> Locks:
    """An attribute that is not told is not locked, as in lists."""
    return Locks(
        delete=properties.can_delete is not False,
        write=properties.can_write is not False,
        read=properties.can_read is not False,
        list=properties.can_list is not False,
    )


def _same(left: Locks, right: Locks) -> bool:
    """Quarantine is nobody's to change here."""
    return all(getattr(left, name) == getattr(right, name) for name, _ in _WORDS)


def _changed(target: LockTarget, planned: Locks, now: Locks) -> Changed:
    differing = tuple(
        f"It {'can' if getattr(now, name) else 'cannot'} be {verb} by now."
        for name, verb in _WORDS
        if getattr(planned, name) != getattr(now, name)
    )
    return Changed(
        f"{_words(target)} is not as it was when this was planned; nothing was changed. {' '.join(differing)}",
        "Look at what changed, and make a new plan.",
        differences=differing,
    )


def _granted(header: str, repository: str) -> frozenset[str] | None:
    """The actions that a token says it allows on a repository; None when it does not say. Nothing is decided by it but words."""
    scheme, _, token = header.partition(" ")
    parts = token.split(".")
    if scheme.lower() != "bearer" or len(parts) != 3:
        return None
    try:
        claims = from_json(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)), dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, binascii.Error, ValueError):
        return None
    listed = claims.get("access")
    if not isinstance(listed, list):
        return None
    granted: set[str] = set()
    for member in listed:
        fields = {str(key).lower(): value for key, value in member.items()} if isinstance(member, dict) else {}
        if fields.get("name") == repository and isinstance(fields.get("actions"), list):
            granted.update(str(action) for action in fields["actions"])
    return frozenset(granted)

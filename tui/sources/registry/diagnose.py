"""What may be read of a registry, tried once each, for `doctor`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import msgspec

from tui.domain.common.text import plural
from tui.domain.facts.diagnosis import Diagnosis, Tried, diagnosis_of
from tui.domain.facts.events import Owner
from tui.domain.facts.image import RepositoryName
from tui.domain.registries.presence import is_attached_tag
from tui.errors import AuthenticationFailed, NotFound, SourceError
from tui.sources.acting_ports import LockTarget
from tui.sources.registry.acr_lists import AcrLists
from tui.sources.registry.client import RegistryClient
from tui.sources.registry.faults import RouteNotFound
from tui.sources.registry.locks import AcrLocks, lock_words

__all__ = ["diagnose"]

SAMPLES = 5
NOT_OFFERED = {
    "catalog": "not offered: the repositories that run are read",
    "referrers": "not offered: what is attached is found by its tags",
}
"""What is done where an API is missing; the specification leaves these to the registry."""


class NothingToTry(NotFound):
    """There is nothing in the registry that this could be tried on; that is no fault."""


Step = Callable[[], Awaitable[str]]


async def diagnose(client: RegistryClient, running: list[str]) -> AsyncGenerator[Diagnosis, None]:
    """Reachable, signed in, catalog, one repository's lists, one manifest, what is attached to it."""
    examination = _Examination(client, running)
    for name, step in examination.steps():
        diagnosis = await _try(name, step)
        is_ok = diagnosis.state is Tried.OK
        yield msgspec.structs.replace(diagnosis, identity=client.auth.signed_in) if is_ok and name == "sign-in" else diagnosis
        # A registry that refused somebody may still be read by nobody.
        if not is_ok and (name == "reachable" or (name == "sign-in" and not client.auth.refusals)):
            return


async def _try(name: str, step: Step) -> Diagnosis:
    try:
        return Diagnosis(name, Tried.OK, await step())
    except NothingToTry as error:
        return Diagnosis(name, Tried.OFF, error.headline, remedy=error.remedy)
    except RouteNotFound as error:
        if name in NOT_OFFERED:
            return Diagnosis(name, Tried.OK, NOT_OFFERED[name])
        return diagnosis_of(name, error)
    except SourceError as error:
        return diagnosis_of(name, error)


class _Examination:
    """The steps; each may leave something for the next."""

    def __init__(self, client: RegistryClient, running: list[str]) -> None:
        self._client = client
        self._acr = AcrLists(client) if client.options.acr else None
        self._candidates = running[:SAMPLES]
        self._repository = running[0] if running else ""
        self._tag = ""
        self._digest = ""

    def steps(self) -> list[tuple[str, Step]]:
        """In the order in which they build on each other."""
        steps: list[tuple[str, Step]] = [
            ("reachable", self._reach),
            ("sign-in", self._enter),
            ("catalog", self._catalog),
            ("tags", self._tags),
        ]
        if self._acr is not None:
            steps.append(("manifest list", self._manifests))
        steps += [("pull", self._pull), ("referrers", self._referrers)]
        return [*steps, ("locks", self._locks)] if self._acr is not None else steps

    async def _reach(self) -> str:
        reply = await self._client.ping()
        kind = "ACR" if self._acr is not None else "OCI"
        return f"{self._client.options.base} answers as {kind} registry ({reply.status})"

    async def _enter(self) -> str:
        auth = self._client.auth
        await self._client.enter()
        if auth.signed_in:
            doubt = "" if auth.ownership.owner is not Owner.UNKNOWN or not self._acr else f" (whose it is {auth.ownership.basis})"
            return f"as {auth.signed_in}{doubt}"
        if auth.refusals:
            # Somebody was to be signed in: that the registry answers strangers as well is no success.
            reasons = "; ".join(refusal.headline for refusal in auth.refusals)
            raise AuthenticationFailed(f"nobody is signed in: {reasons}", auth.refusals[0].remedy)
        return "nobody: no login is set up for this registry"

    async def _catalog(self) -> str:
        names: list[str] = []
        async with aclosing((self._acr or self._client).catalog()) as pages:
            async for page in pages:
                names.extend(page)
                break
        self._candidates = list(dict.fromkeys([*self._candidates, *names[:SAMPLES]]))
        self._repository = self._repository or (names[0] if names else "")
        return f"{plural(len(names), 'repository')} on the first page"

    async def _tags(self) -> str:
        first: SourceError | None = None
        for repository in self._candidates:
            try:
                tags = await self._first_tags(repository)
            except SourceError as error:
                first = first or error
                continue
            if tags:
                self._repository, self._tag = repository, tags[-1]
                return f"{plural(len(tags), 'tag')} of {repository} on the first page"
        if first is not None:
            raise first
        raise NothingToTry(
            "there is no repository to try this on", "Name one: give a query or start with a cluster that runs its images."
        )

    async def _first_tags(self, repository: str) -> list[str]:
        if self._acr is not None:
            async with aclosing(self._acr.tags(repository)) as lists:
                async for rows in lists:
                    return [row.name for row in rows if not is_attached_tag(row.name)]
            return []
        async with aclosing(self._client.tags(repository)) as pages:
            async for names in pages:
                return [name for name in names if not is_attached_tag(name)]
        return []

    async def _manifests(self) -> str:
        if self._acr is None or not self._repository:
            raise NothingToTry("there is no repository to try this on", "Name one.")
        async with aclosing(self._acr.manifests(self._repository)) as pages:
            async for rows in pages:
                return f"{plural(len(rows), 'manifest')} of {self._repository} on the first page"
        return f"no manifests in {self._repository}"

    async def _pull(self) -> str:
        if not self._tag:
            raise NothingToTry("there is no tag to try this on", "It needs a repository whose tags can be listed.")
        body = await self._client.manifest(self._repository, self._tag)
        self._digest = body.digest
        return f"{self._repository}:{self._tag} is {body.digest[:19]}"

    async def _referrers(self) -> str:
        if not self._digest:
            raise NothingToTry("there is no manifest to try this on", "It needs a manifest that can be pulled.")
        count = 0
        async with aclosing(self._client.referrers(self._repository, self._digest)) as pages:
            async for page in pages:
                count += len(page.manifests or ())
        return f"{count} attached to {self._repository}@{self._digest[:19]}"

    async def _locks(self) -> str:
        if not self._digest:
            raise NothingToTry("there is no manifest to try this on", "It needs a manifest that can be pulled.")
        locks, name = AcrLocks(self._client), RepositoryName(self._client.options.host, self._repository)
        repository = lock_words(await locks.read(LockTarget(name)))
        manifest = lock_words(await locks.read(LockTarget(name, self._digest)))
        return f"{self._repository} {repository}; {self._repository}:{self._tag} {manifest}"

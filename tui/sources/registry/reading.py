"""From one demand to facts: tag -> manifest -> platforms -> configs, what is attached, and the repository's lists."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

import msgspec

from tui.domain.builds.provenance import builder_claims
from tui.domain.common.text import clean
from tui.domain.facts.build_claim import BuildClaim
from tui.domain.facts.events import (
    ClaimsRead,
    ConfigRead,
    Event,
    ManifestRead,
    ManifestsListed,
    ReferrersListed,
    SourceId,
    TagResolved,
    TagsListed,
)
from tui.domain.facts.image import Claim, Descriptor, Manifest, ManifestKind, RepositoryName, Tag
from tui.domain.facts.reference import is_digest
from tui.domain.lineage.evidence import buildinfo_claims
from tui.domain.lineage.provenance import provenance_claims
from tui.domain.registries.presence import is_attached_tag
from tui.domain.registries.runnable import IMAGE_CONFIGS, is_attestation, says_attestation
from tui.errors import NotFound, OtherBytes, SourceError, Unreachable, UntrustedPayload
from tui.sources.ports import ContentStore
from tui.sources.registry.acr_lists import AcrLists
from tui.sources.registry.client import RegistryClient
from tui.sources.registry.content import keep_manifest, stored
from tui.sources.registry.faults import failure
from tui.sources.registry.flights import Flights
from tui.sources.registry.listed import History, manifests_of
from tui.sources.registry.parse import ATTESTATION_OF, INTOTO, PREDICATE, ManifestBody, read_config, read_manifest
from tui.sources.registry.presence import ListedManifests
from tui.sources.registry.referrers import Referrers, ReferrersFound
from tui.sources.registry.room import NoRoom, Room, weight
from tui.sources.registry.tag_lists import TagLists
from tui.sources.registry.tag_order import newest_first

__all__ = ["Emit", "ReadOutcome", "RegistryReader"]

MAX_CHILDREN = 64
MAX_MANIFESTS = 256
"""Manifests that are read of one image: indexes in indexes can name more than anybody could ask for."""
MAX_DEPTH, MAX_HEADS, HEADS_AT_ONCE = 3, 200, 8
HISTORY = "its history"
MAX_REFUSED = 20
"""Tags of a repository that are refused one after the other before the rest is not asked for."""

Emit = Callable[[Event], Awaitable[None]]


class ReadOutcome(msgspec.Struct, frozen=True):
    """The digest that was read, and what below it could not be."""

    digest: str
    errors: tuple[SourceError, ...] = ()


def _too_many(name: RepositoryName) -> UntrustedPayload:
    return UntrustedPayload(
        f"an index in {name} names more manifests than are read of an image ({MAX_CHILDREN}, and {MAX_MANIFESTS} in nested ones)",
        "What it could run besides is not known: push it with fewer platforms.",
    )


class _Visit:
    """One reading from the top down: where, for whom, what failed on the way, and how many manifests may still be read."""

    __slots__ = ("errors", "for_rest", "left", "name")

    def __init__(self, name: RepositoryName, for_rest: bool) -> None:
        self.name, self.for_rest = name, for_rest
        self.errors: list[SourceError] = []
        self.left = MAX_MANIFESTS


class RegistryReader:
    """Reads from one registry and emits what it reads. The same content is never fetched twice."""

    def __init__(
        self,
        source: SourceId,
        client: RegistryClient,
        store: ContentStore,
        room: Room,
        emit: Emit,
        now: Callable[[], datetime],
    ) -> None:
        self.source, self._client, self._store, self._room = source, client, store, room
        self._emit, self._now, self._flights = emit, now, Flights()
        self._acr = AcrLists(client) if client.options.acr else None
        self._manifests: dict[tuple[RepositoryName, str], Manifest] = {}
        self._configs: set[str] = set()
        self._refuted: set[tuple[RepositoryName, str]] = set()
        self._present = ListedManifests(self._acr, store)
        self._whole: set[tuple[RepositoryName, str]] = set()
        self._tags = TagLists(client, self._acr, room)
        self._referrers = Referrers(client, read_tag=partial(self._tags.manifest, store))
        self._histories: dict[RepositoryName, History] = {}
        self.resolved: dict[tuple[RepositoryName, str], str] = {}

    @property
    def acr(self) -> AcrLists | None:
        """ACR's lists, None for other registries."""
        return self._acr

    @property
    def manifests(self) -> int:
        """How many manifests were read."""
        return len(self._manifests)

    def knows(self, name: RepositoryName, digest: str) -> bool:
        """Whether a manifest was read from the repository with all that belongs to it."""
        return (name, digest) in self._manifests and (name, digest) in self._whole

    def forget(self, name: RepositoryName, reference: str) -> None:
        """It is not there any more."""
        self._manifests.pop((name, reference), None)
        self.resolved.pop((name, reference), None)

    async def read(self, name: RepositoryName, reference: str, for_rest: bool = False) -> ReadOutcome:
        """Read a manifest by tag or digest with all that belongs to it. Raises SourceError.

        A platform that fails is told as its own `LookupFailed`, loses nothing else, and is in the outcome.
        """
        visit = _Visit(name, for_rest)
        manifest = await self._manifest(name, reference, for_rest)
        if not is_digest(reference):
            self.resolved[name, reference] = manifest.digest
            await self._emit(TagResolved(self.source, name, reference, manifest.digest, self._now()))
        await self._below(visit, manifest, MAX_DEPTH)
        self._whole.add((name, manifest.digest))
        return ReadOutcome(manifest.digest, tuple(visit.errors))

    async def _manifest(self, name: RepositoryName, reference: str, for_rest: bool) -> Manifest:
        if is_digest(reference):
            # What is read by a tag at this moment may be it.
            await self._flights.landed(name)
            async with self._flights.alone(name, reference):
                return await self._fetched(name, reference, "", for_rest)
        with self._flights.begun(name):
            digest = "" if for_rest else await self._tags.named(name, reference)
            if not digest:
                return await self._fetched(name, reference, reference, for_rest)
        self._present.add(name, (digest,))
        async with self._flights.alone(name, digest):
            return await self._fetched(name, digest, reference, for_rest)

    async def _fetched(self, name: RepositoryName, reference: str, tag: str, for_rest: bool) -> Manifest:
        """A manifest, from what is known or from the registry; `tag` is what it was asked for by, if by one."""
        refuted = (name, reference) in self._refuted
        cached = None if refuted else self._manifests.get((name, reference))
        if cached is not None:
            return cached
        body = await self._body(name, reference, for_rest)
        manifest = read_manifest(body.content, body.digest, body.content_type)
        keep_manifest(self._store, body)
        if (name, body.digest) not in self._manifests or refuted:
            self._room.reserve(body.digest, weight(manifest), f"manifest {body.digest[:19]}", for_rest)
            self._manifests[name, body.digest] = manifest
            await self._emit(ManifestRead(self.source, name, manifest, self._now(), tag))
        return manifest

    async def _body(self, name: RepositoryName, reference: str, for_rest: bool) -> ManifestBody:
        key = name, reference
        content = await stored(self._store, reference) if is_digest(reference) and key not in self._refuted else None
        if content is not None:
            if key not in self._present:  # the content is known; whether this repository has it is not
                await self._client.head(name.repository, reference, for_rest)
            return ManifestBody(reference, content, "")
        try:
            body = await self._client.manifest(name.repository, reference, for_rest)
        except OtherBytes:
            self._refuted.add(key)  # until the registry itself answers that rightly, whatever is known of it from elsewhere
            raise
        self._refuted.discard(key)
        return body

    async def _below(self, visit: _Visit, manifest: Manifest, depth: int) -> None:
        match manifest.kind:
            case ManifestKind.INDEX if depth > 0:
                # Images first: provenance is read against the layers of the image that it is about.
                attestations = [child for child in manifest.children if says_attestation(child)]
                platforms = [child for child in manifest.children if not says_attestation(child)]
                await self._children(visit, manifest, platforms, depth - 1)
                await self._children(visit, manifest, attestations, depth - 1)
            case ManifestKind.IMAGE if manifest.config is not None:
                await self._guarded(visit, manifest.config.digest, self._config(visit, manifest, manifest.config))
            case _:
                return

    async def _children(self, visit: _Visit, index: Manifest, children: list[Descriptor], depth: int) -> None:
        read = children[: min(MAX_CHILDREN, visit.left)]
        visit.left -= len(read)
        for child in children[len(read) : len(read) + 1]:
            await self._emit(failure(self.source, visit.name, child.digest, _too_many(visit.name), self._now()))
        await self._present.look(visit.name, (child.digest for child in read), visit.for_rest)
        async with asyncio.TaskGroup() as group:
            for child in read:
                group.create_task(self._guarded(visit, child.digest, self._child(visit, index, child, depth)))

    async def _child(self, visit: _Visit, index: Manifest, child: Descriptor, depth: int) -> None:
        manifest = await self._manifest(visit.name, child.digest, visit.for_rest)
        if is_attestation(child, manifest):
            await self._attestation(visit, index, child, manifest)
        else:
            await self._below(visit, manifest, depth)

    async def _guarded(self, visit: _Visit, reference: str, work: Awaitable[None]) -> None:
        try:
            await work
        except SourceError as error:
            visit.errors.append(error.kept())
            await self._emit(failure(self.source, visit.name, reference, error, self._now()))

    async def _config(self, visit: _Visit, manifest: Manifest, descriptor: Descriptor) -> None:
        if descriptor.digest in self._configs or descriptor.media_type not in IMAGE_CONFIGS:
            return
        self._configs.add(descriptor.digest)
        read = False
        try:
            content = await self._blob(visit.name, descriptor.digest, visit.for_rest)
            config = read_config(content, descriptor.digest)
            self._room.reserve(descriptor.digest, weight(config), f"config {descriptor.digest[:19]}", visit.for_rest)
            await self._emit(ConfigRead(config))
            await self._claim(manifest.digest, buildinfo_claims(content))
            read = True
        finally:
            if not read:
                self._configs.discard(descriptor.digest)

    async def _blob(self, name: RepositoryName, digest: str, for_rest: bool) -> bytes:
        # Platforms of one image may share what says how they were made.
        async with self._flights.alone(name, digest):
            content = await stored(self._store, digest)
            if content is None:
                content = await self._client.blob(name.repository, digest, for_rest=for_rest)
                self._store.put(digest, content)
            return content

    async def _attestation(self, visit: _Visit, index: Manifest, child: Descriptor, manifest: Manifest) -> None:
        subject = child.annotations.get(ATTESTATION_OF, "")
        image = self._manifests.get((visit.name, subject))
        layers = [layer.digest for layer in image.layers] if image else []
        for layer in manifest.layers:
            if (
                layer.media_type == INTOTO
                and "slsa.dev/provenance" in layer.annotations.get(PREDICATE, "")
                and is_digest(subject)
            ):
                statement = await self._blob(visit.name, layer.digest, visit.for_rest)
                await self._claim(subject, provenance_claims(statement, layers))
                if any(platform.digest == subject for platform in index.children):
                    await self._tell_builders(index.digest, builder_claims(statement))

    async def _claim(self, digest: str, claims: tuple[Claim, ...]) -> None:
        if claims:
            await self._emit(ClaimsRead(self.source, digest, claims))

    async def _tell_builders(self, index: str, builders: tuple[BuildClaim, ...]) -> None:
        """Said of the index, for what signs that signs this too; what another index says of the same platform is its own word."""
        if builders:
            await self._emit(ClaimsRead(self.source, index, (), builders))

    # ---- what is attached

    def subjects(self, name: RepositoryName, digest: str) -> tuple[str, ...]:
        """A manifest, and its platforms when it is an index: things are attached to either."""
        manifest = self._manifests.get((name, digest))
        if manifest is None or manifest.kind is not ManifestKind.INDEX:
            return (digest,)
        return (digest, *(child.digest for child in manifest.children[:MAX_CHILDREN] if not self._attests(name, child)))

    def _attests(self, name: RepositoryName, child: Descriptor) -> bool:
        manifest = self._manifests.get((name, child.digest))
        return manifest is not None and is_attestation(child, manifest)

    async def attached(self, name: RepositoryName, subject: str) -> list[SourceError]:
        """Find what is attached to one manifest; why a way of finding it failed. Raises SourceError when none could be tried.

        Either way it is told that the list is not whole.
        """
        try:
            referrers = await self._referrers.find(name.repository, subject, await self._tags.names(name))
        except SourceError as error:
            await self._emit(ReferrersListed(self.source, name, subject, (), self._now(), error.headline))
            raise
        referrers = self._kept(referrers, name, subject)
        for manifest in referrers.manifests:
            await self._emit(ManifestRead(self.source, name, manifest, self._now()))
        error_text = clean("; ".join(dict.fromkeys(referrers.errors)), 400)
        listed = ReferrersListed(
            self.source,
            name,
            subject,
            tuple(referrers.referrers.values()),
            self._now(),
            error_text,
            tuple(referrers.searched),
            tuple(referrers.notes),
        )
        await self._emit(listed)
        return referrers.failures

    def _kept(self, referrers: ReferrersFound, name: RepositoryName, subject: str) -> ReferrersFound:
        """What was found, or nothing and the reason when there is no room for it."""
        size = sum(weight(referrer.descriptor) for referrer in referrers.referrers.values()) + sum(
            map(weight, referrers.manifests)
        )
        try:
            self._room.reserve((name, subject), size, f"what is attached to {subject[:19]}")
        except NoRoom as error:
            referrers = ReferrersFound()
            referrers.fail(error)
        return referrers

    async def finds_more(self) -> bool:
        """Whether what is attached is to be searched anew, as there are other ways to find it than before."""
        return await self._referrers.has_changed()

    def refresh_lists(self) -> None:
        """Lists of repositories are read anew when next needed."""
        self._tags.refresh()
        self._present.forget()
        self._histories.clear()

    # ---- what a repository holds

    async def history(self, name: RepositoryName, for_rest: bool = False) -> History:
        """Emit the tags and, for ACR, the manifests of a repository, and return them. Raises SourceError.

        Other registries list names only: the digest of each is asked for, of the newest `MAX_HEADS` that are not known yet.
        """
        async with self._flights.alone(name, HISTORY):
            history = self._histories.get(name)
            if history is None:
                read = self._plain_history if self._acr is None else partial(self._acr_history, self._acr)
                history = await read(name, for_rest)
                if history.lacking is None or isinstance(history.lacking, UntrustedPayload | NoRoom):
                    self._histories[name] = history
                else:  # a refusal may end
                    self._tags.forget(name)
            return history

    async def _acr_history(self, lists: AcrLists, name: RepositoryName, for_rest: bool) -> History:
        listed = await self._tags.of(name, for_rest)
        tags, cut = await lists.under_lock(listed.tags, name.repository, for_rest), listed.lacking
        await self._emit(TagsListed(self.source, name, tags, cut is None, self._now()))
        rows, rows_cut = await manifests_of(self._room, self._present.pages(lists, name, for_rest), name, for_rest)
        rows = await lists.under_lock(rows, name.repository, for_rest)
        await self._emit(ManifestsListed(self.source, name, rows, rows_cut is None, self._now()))
        return History(tags, rows, cut or rows_cut)

    async def _plain_history(self, name: RepositoryName, for_rest: bool) -> History:
        listed = await self._tags.of(name, for_rest)
        versions = [tag for tag in listed.names if not is_attached_tag(tag)]
        unknown = [tag for tag in versions if (name, tag) not in self.resolved]
        lacking = await self._heads(name, newest_first(unknown)[:MAX_HEADS], for_rest) or listed.lacking
        tags = tuple(Tag(tag, self.resolved[name, tag]) for tag in versions if (name, tag) in self.resolved)
        complete = len(unknown) <= MAX_HEADS and lacking is None
        if lacking is not None and not tags and not isinstance(lacking, UntrustedPayload | NoRoom):
            raise lacking
        await self._emit(TagsListed(self.source, name, tags, complete, self._now()))
        return History(tags, (), lacking)

    async def _heads(self, name: RepositoryName, tags: list[str], for_rest: bool) -> SourceError | None:
        """Ask what each tag names; those that are refused are said, and why is returned. Raises Unreachable."""
        lacking: SourceError | None = None
        failures = 0
        for start in range(0, len(tags), HEADS_AT_ONCE):
            batch = tags[start : start + HEADS_AT_ONCE]
            for tag, error in zip(batch, await asyncio.gather(*(self._head(name, tag, for_rest) for tag in batch)), strict=True):
                failures = failures + 1 if error else 0
                if isinstance(error, Unreachable):
                    raise error
                if error is not None:
                    lacking = lacking or error.kept()
                    await self._emit(failure(self.source, name, tag, error, self._now()))
            if failures >= MAX_REFUSED:
                break
        return lacking

    async def _head(self, name: RepositoryName, tag: str, for_rest: bool) -> SourceError | None:
        """Ask what a tag names; why that is not said."""
        try:
            # Of what nothing runs the manifest is read in any case: by its tag, that is one request instead of two.
            self.resolved[name, tag] = (
                (await self._manifest(name, tag, for_rest)).digest if for_rest else await self._client.head(name.repository, tag)
            )
        except SourceError as error:
            return None if isinstance(error, NotFound) else error
        return None

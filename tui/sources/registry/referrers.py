"""Finding what is attached to a manifest: the referrers API, then both tag schemes.

Notation stores by the tag schema `sha256-<hex>` by default, cosign under `sha256-<hex>.sig`, `.att` and `.sbom`, newer tools by
the API. All ways are tried, and each find says how it was found; where the API is offered, what lies under the tag schema alone
is found but marked, as the tools of the field do not look there then.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from functools import partial

from tui.domain.facts.attached import BUNDLE, ENVELOPE, NOTATION, FoundBy, may_sign
from tui.domain.facts.image import Descriptor, Manifest, Referrer
from tui.domain.facts.reference import is_digest
from tui.errors import AuthenticationFailed, Forbidden, NotFound, SourceError, Unreachable, UntrustedPayload
from tui.sources.kit.oci import WireManifest
from tui.sources.registry.client import RegistryClient
from tui.sources.registry.faults import RepositoryNotFound, RouteNotFound
from tui.sources.registry.parse import ManifestBody, from_wire, read_manifest

__all__ = ["Referrers", "ReferrersFound"]

MAX_REFERRERS = 1000
"""Artifacts on one manifest that are kept: so many that may be signatures, and so many others."""
MAX_LISTED = 20_000
"""Entries on one manifest that are looked through; a list may have no end."""
ASK_AGAIN = 60.0
"""Seconds after which a registry without the referrers API is asked whether it has it by now."""
LOOK_AGAIN = 10.0
"""Seconds after which a registry with the referrers API is asked whether it still has it."""
COSIGN = {".sig": FoundBy.COSIGN, ".att": FoundBy.COSIGN_ATTESTATION, ".sbom": FoundBy.COSIGN_SBOM}
"""Where cosign puts what it attaches, and how a find there is called."""
INDEX = "application/vnd.oci.image.index.v1+json"
SCHEMA = 2
ReadTag = Callable[[str, str], Awaitable[ManifestBody]]
"""Reads the manifest that a tag of a repository names; raises SourceError."""


def _is_of_tag(artifact_type: str, found_by: str) -> bool:
    """Whether cosign looks under that tag for something of this type; bundles and signatures of notation count as referrers."""
    if found_by == FoundBy.COSIGN:
        return not artifact_type.startswith((BUNDLE, NOTATION, ENVELOPE))
    return found_by == FoundBy.COSIGN_ATTESTATION and artifact_type == ENVELOPE


class ReferrersFound:
    """What a search found: the referrers, the manifests read on the way, which ways were tried, and which could not be.

    `notes` are sentences for the operator that are no errors.
    """

    def __init__(self) -> None:
        self.referrers: dict[tuple[str, str], Referrer] = {}
        self.manifests: list[Manifest] = []
        self.errors: list[str] = []
        self.failures: list[SourceError] = []
        self.searched: list[str] = []
        self.notes: list[str] = []
        self.refused = False
        self.nowhere: RepositoryNotFound | None = None
        self.listed = 0
        self._ways: dict[str, str] = {}
        self._kept = {True: 0, False: 0}

    def fail(self, error: SourceError) -> None:
        """A way of finding failed: what is found is not all."""
        self.failures.append(error)
        self.errors.append(error.headline)

    def add(self, descriptor: Descriptor, found_by: str) -> None:
        """One find; the same artifact found in two ways is kept as found first, but for the tag where cosign looks for its form:
        some registries (Harbor) list what lies there among the referrers."""
        self.listed += 1
        before = self._ways.get(descriptor.digest)
        if before is not None:
            if not _is_of_tag(descriptor.artifact_type, found_by):
                return
            del self.referrers[descriptor.digest, before]
        elif not self._has_room(may_sign(descriptor.artifact_type)):
            return
        self._ways[descriptor.digest] = found_by
        self.referrers[descriptor.digest, found_by] = Referrer(descriptor, found_by)

    def _has_room(self, signs: bool) -> bool:
        # Counted apart, so that no junk pushed beside signatures can crowd them out.
        self._kept[signs] += 1
        if self._kept[signs] == MAX_REFERRERS + 1:
            kind = "that may be signatures " if signs else ""
            self.fail(
                UntrustedPayload(
                    f"more than {MAX_REFERRERS:,} artifacts {kind}are attached to it, of which {MAX_REFERRERS:,} were read",
                    "Delete what does not belong there; who may push may attach.",
                )
            )
        return self._kept[signs] <= MAX_REFERRERS

    @property
    def is_full(self) -> bool:
        """Whether the list goes on for longer than is read."""
        if self.listed < MAX_LISTED:
            return False
        self.fail(UntrustedPayload(f"the list of what is attached to it goes on after {MAX_LISTED:,} entries", "It is not read."))
        return True


class Referrers:
    """Searches in one registry; remembers of each repository whether it offers the referrers API.

    `read_tag` reads what a tag names, where somebody may have that already.
    """

    def __init__(
        self, client: RegistryClient, clock: Callable[[], float] = time.monotonic, read_tag: ReadTag | None = None
    ) -> None:
        self._client, self._clock = client, clock
        self._read_tag = read_tag or client.manifest
        self._offering: dict[str, str] = {}
        self._asked_at = clock()
        self._missing = False
        self._lacking: dict[str, tuple[float, str]] = {}

    async def find(self, repository: str, subject: str, tags: frozenset[str] | None) -> ReferrersFound:
        """Everything attached to `subject`; `tags` are the repository's tags when they are known, so that none is tried in vain.

        Never raises SourceError: a way that failed is named in `errors`; after a refusal the tags are not asked for one by one.
        """
        referrers = ReferrersFound()
        found_by = await self._by_api(referrers, repository, subject)
        schema = subject.replace(":", "-", 1)
        referrers.searched += ["tag schema sha256-<hex>", "cosign tag sha256-<hex>.sig"]
        await self._by_tag(referrers, repository, schema, tags, partial(self._index, found_by, subject))
        for suffix, kind in COSIGN.items():
            await self._by_tag(referrers, repository, f"{schema}{suffix}", tags, partial(self._cosign, kind))
        if referrers.nowhere is not None and tags is not None:  # where not even tags can be listed, there is no repository at all
            referrers.fail(referrers.nowhere)
        return referrers

    async def has_changed(self) -> bool:
        """Whether the referrers API is there by now where it was not, or the reverse: what is attached is to be searched anew.

        Asked once in a while, of one repository.
        """
        return await self._came_back() or await self._went_away()

    async def _went_away(self) -> bool:
        if not self._offering or self._clock() - self._asked_at < LOOK_AGAIN:
            return False
        self._asked_at, before = self._clock(), self._missing
        repository, subject = next(iter(self._offering.items()))
        del self._offering[repository]  # to the end of the row: the next time another is asked
        self._offering[repository] = subject
        try:
            async with aclosing(self._client.referrers(repository, subject)) as pages:
                await anext(pages, None)
        except (RouteNotFound, NotFound) as error:
            self._missing = self._missing or not isinstance(error, RepositoryNotFound)
        except SourceError:
            return False
        else:
            self._missing = False
        return self._missing is not before

    async def _came_back(self) -> bool:
        if not self._lacking:
            return False
        repository = min(self._lacking, key=lambda name: self._lacking[name][0])
        refused_at, subject = self._lacking[repository]
        if self._clock() - refused_at < ASK_AGAIN:
            return False
        del self._lacking[repository]
        await self._by_api(ReferrersFound(), repository, subject)
        if repository in self._offering:
            self._lacking.clear()
        return repository in self._offering

    async def _by_api(self, referrers: ReferrersFound, repository: str, subject: str) -> FoundBy:
        """What the API lists; the way by which what lies under the tag schema besides is found."""
        if repository in self._lacking and self._clock() - self._lacking[repository][0] < ASK_AGAIN:
            return self._lacks(referrers)
        try:
            async with aclosing(self._client.referrers(repository, subject)) as pages:
                async for page in pages:
                    self._offering[repository] = subject
                    self._lacking.pop(repository, None)
                    self._take(referrers, page)
                    if referrers.is_full:
                        break
        except (RouteNotFound, NotFound) as error:
            if isinstance(error, RepositoryNotFound):
                referrers.nowhere = error
                return FoundBy.UNSURE
            return self._has_not(referrers, repository, subject)
        except SourceError as error:
            # Not told: the tags are tried all the same, and what they hold is not all.
            referrers.fail(error)
            return FoundBy.UNUSED if repository in self._offering else FoundBy.UNSURE
        referrers.searched.append("referrers API")
        return FoundBy.UNUSED

    def _take(self, referrers: ReferrersFound, page: WireManifest) -> None:
        """The entries of a page; what is not in the protocol's form is no entry, and is said."""
        host = self._client.options.host
        if page.manifests is None and page.schema_version != SCHEMA:
            referrers.fail(
                UntrustedPayload(f"{host} answers with something other than a list of what is attached", "It is not read.")
            )
        for wire in page.manifests or ():
            if is_digest(wire.digest or ""):
                referrers.add(from_wire(wire), FoundBy.REFERRERS)
            else:
                referrers.fail(UntrustedPayload(f"{host} lists something attached by no digest", "It is not read."))

    def _has_not(self, referrers: ReferrersFound, repository: str, subject: str) -> FoundBy:
        """No such API (distribution v3, ACR with customer-managed keys, GHCR); one that was there before is missing."""
        if repository in self._offering or (self._offering and self._client.options.acr):
            referrers.fail(
                RouteNotFound(
                    f"{self._client.options.host} offered the referrers API before, and does not offer it any more",
                    "What is attached by it cannot be found meanwhile: tell the owner of the registry. It is retried.",
                )
            )
            return FoundBy.UNSURE
        self._lacking[repository] = self._clock(), subject
        return self._lacks(referrers)

    def _lacks(self, referrers: ReferrersFound) -> FoundBy:
        referrers.notes.append(
            f"{self._client.options.host} does not offer the referrers API: only the tags that tools use instead were looked at."
        )
        return FoundBy.TAG_SCHEMA

    async def _by_tag(
        self,
        referrers: ReferrersFound,
        repository: str,
        tag: str,
        tags: frozenset[str] | None,
        use: Callable[[ReferrersFound, ManifestBody], None],
    ) -> None:
        if (tags is not None and tag not in tags) or referrers.refused:
            return
        try:
            use(referrers, await self._read_tag(repository, tag))
        except NotFound:
            return
        except SourceError as error:
            referrers.refused = isinstance(error, AuthenticationFailed | Forbidden | Unreachable)
            referrers.fail(error)

    def _index(self, found_by: FoundBy, subject: str, referrers: ReferrersFound, body: ManifestBody) -> None:
        """What the tag schema lists: only an OCI index that is not the subject itself (oras-go `referrersFromIndex`)."""
        manifest = read_manifest(body.content, body.digest, body.content_type)
        if manifest.media_type != INDEX or manifest.digest == subject:
            return
        for descriptor in manifest.children:
            referrers.add(descriptor, found_by)

    def _cosign(self, found_by: str, referrers: ReferrersFound, body: ManifestBody) -> None:
        manifest = read_manifest(body.content, body.digest, body.content_type)
        referrers.manifests.append(manifest)
        config = manifest.config.media_type if manifest.config else ""
        kind = manifest.artifact_type or next((layer.media_type for layer in manifest.layers), config)
        referrers.add(Descriptor(manifest.media_type, manifest.digest, manifest.size, None, kind, manifest.annotations), found_by)

"""Finding what is attached to a manifest: the referrers API, then both tag schemes.

Notation stores by the tag schema `sha256-<hex>` by default, cosign under `sha256-<hex>.sig`, `.att` and `.sbom`, newer tools by
the API: none of the ways excludes the others, so all are tried and each find says how it was found.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from tui.domain.image import Descriptor, Manifest, Referrer
from tui.errors import AuthenticationFailed, Forbidden, NotFound, SourceError, Unreachable
from tui.sources.registry.client import Body, RegistryClient
from tui.sources.registry.faults import RouteNotFound
from tui.sources.registry.parse import from_wire, read_manifest

__all__ = ["Found", "Referrers", "is_referrer_tag"]

MAX_REFERRERS = 1000
SIGNATURE_TAG = "cosign-tag"
COSIGN = {".sig": SIGNATURE_TAG, ".att": "cosign-attestation-tag", ".sbom": "cosign-sbom-tag"}
"""Where cosign puts what it attaches, and how a find there is called."""
_REFERRER_TAG = re.compile(r"sha(256-[0-9a-f]{64}|512-[0-9a-f]{128})(\.[a-z]+)?")


def is_referrer_tag(tag: str) -> bool:
    """Whether a tag is one that holds attached artifacts, not a version."""
    return _REFERRER_TAG.fullmatch(tag) is not None


class Found:
    """What a search found: the referrers, the manifests read on the way, and which ways could not be tried."""

    def __init__(self) -> None:
        self.referrers: dict[tuple[str, str], Referrer] = {}
        self.manifests: list[Manifest] = []
        self.errors: list[str] = []
        self.failures: list[SourceError] = []
        self.refused = False

    def fail(self, error: SourceError) -> None:
        """A way of finding failed: what is found is not all."""
        self.failures.append(error)
        self.errors.append(error.headline)

    def add(self, descriptor: Descriptor, how: str) -> None:
        """One find; the same artifact found in two ways is kept as found first, but for the tag where cosign looks: some
        registries (Harbor) list what lies there among the referrers."""
        if how == SIGNATURE_TAG and (twin := next((key for key in self.referrers if key[0] == descriptor.digest), None)):
            del self.referrers[twin]
        if len(self.referrers) < MAX_REFERRERS and all(digest != descriptor.digest for digest, _ in self.referrers):
            self.referrers[descriptor.digest, how] = Referrer(descriptor, how)


class Referrers:
    """Searches in one registry; remembers when it has no referrers API."""

    def __init__(self, client: RegistryClient) -> None:
        self._client = client
        self.supported: bool | None = None

    async def find(self, repository: str, subject: str, tags: frozenset[str] | None) -> Found:
        """Everything attached to `subject`; `tags` are the repository's tags when they are known, so that none is tried in vain.

        Never raises SourceError: a way that failed is named in `errors`; after a refusal the tags are not asked for one by one.
        """
        found = Found()
        await self._by_api(found, repository, subject)
        schema = subject.replace(":", "-", 1)
        await self._by_tag(found, repository, schema, tags, self._index)
        for suffix, how in COSIGN.items():
            await self._by_tag(found, repository, f"{schema}{suffix}", tags, partial(self._cosign, how))
        return found

    async def _by_api(self, found: Found, repository: str, subject: str) -> None:
        if self.supported is False:
            return
        try:
            async for page in self._client.referrers(repository, subject):
                for wire in (page.manifests or [])[:MAX_REFERRERS]:
                    found.add(from_wire(wire), "referrers")
            self.supported = True
        except RouteNotFound:
            # The API is not there (distribution v3, ACR with customer-managed keys, GHCR): the tags are tried.
            self.supported = False
        except NotFound:
            return
        except SourceError as error:
            # Not told: the tags are tried all the same, and what they hold is not all.
            found.fail(error)

    async def _by_tag(
        self, found: Found, repository: str, tag: str, tags: frozenset[str] | None, use: Callable[[Found, Body], None]
    ) -> None:
        if (tags is not None and tag not in tags) or found.refused:
            return
        try:
            use(found, await self._client.manifest(repository, tag))
        except NotFound:
            return
        except SourceError as error:
            found.refused = isinstance(error, AuthenticationFailed | Forbidden | Unreachable)
            found.fail(error)

    def _index(self, found: Found, body: Body) -> None:
        for descriptor in read_manifest(body.content, body.digest, body.content_type).children:
            found.add(descriptor, "tag-schema")

    def _cosign(self, how: str, found: Found, body: Body) -> None:
        manifest = read_manifest(body.content, body.digest, body.content_type)
        found.manifests.append(manifest)
        config = manifest.config.media_type if manifest.config else ""
        kind = manifest.artifact_type or next((layer.media_type for layer in manifest.layers), config)
        found.add(Descriptor(manifest.media_type, manifest.digest, manifest.size, None, kind, manifest.annotations), how)

"""The distribution API (/v2/) over a shelf, the same for every registry (opencontainers/distribution-spec v1.1)."""

from __future__ import annotations

import re

from tui.demo.content import Json, Stored, encode
from tui.demo.http import Headers, Reply, Request, json_reply
from tui.demo.registry.errors import API_VERSION, JSON, disallowed, error, manifest_unknown, name_unknown, no_route
from tui.demo.registry.paging import page
from tui.demo.registry_contents import RegistryContents, Repository

__all__ = ["V2_PATH", "Distribution"]

V2_PATH = re.compile(r"/v2/(?P<name>.+)/(?P<what>manifests|blobs|tags|referrers)/(?P<reference>[^/]+)")
INDEX = "application/vnd.oci.image.index.v1+json"


class Distribution:
    """Answers `/v2/`; `storage` is where blobs are redirected to, empty to answer them directly."""

    def __init__(
        self, shelf: RegistryContents, *, storage: str = "", referrers: bool = True, headers: Headers = (API_VERSION,)
    ) -> None:
        self._shelf, self._referrers, self._headers = shelf, referrers, headers
        self.storage = storage

    def answer(self, request: Request) -> Reply:
        """One authorised request."""
        if request.path in ("/v2/", "/v2"):
            return json_reply({}, headers=(JSON, *self._headers))
        if request.path == "/v2/_catalog":
            return self._catalog(request)
        match = V2_PATH.fullmatch(request.path)
        if match is None or request.method not in ("GET", "HEAD"):
            return no_route()
        name, resource, reference = match["name"], match["what"], match["reference"]
        if resource == "referrers" and not self._referrers:
            return no_route()
        repository = self._shelf.open(name)
        if repository is None:
            return name_unknown(name)
        match resource:
            case "manifests":
                return self._manifest(repository, reference)
            case "blobs":
                return self._blob(repository, reference)
            case "referrers":
                return self._referring(request, repository, reference)
            case _:
                return self._tags(request, repository)

    def _catalog(self, request: Request) -> Reply:
        names = sorted(self._shelf.repositories)
        listed, link = page("/v2/_catalog", request.query, names, names, {})
        return json_reply({"repositories": listed}, headers=(JSON, *self._headers, *link))

    def _tags(self, request: Request, repository: Repository) -> Reply:
        names = sorted(repository.tags)
        listed, link = page(f"/v2/{repository.name}/tags/list", request.query, names, names, {})
        return json_reply({"name": repository.name, "tags": listed}, headers=(JSON, *self._headers, *link))

    def _manifest(self, repository: Repository, reference: str) -> Reply:
        row = repository.find(reference)
        if row is None:
            return manifest_unknown(reference)
        if not repository.readable(reference):
            return disallowed()
        stored = row.stored
        headers = (("Content-Type", stored.media_type), ("Docker-Content-Digest", stored.digest), ("Etag", f'"{stored.digest}"'))
        return Reply(200, stored.body, (*self._headers, *headers))

    def _blob(self, repository: Repository, digest: str) -> Reply:
        body = repository.blobs.get(digest)
        if body is None:
            return error(404, "BLOB_UNKNOWN", "blob unknown to registry", digest)
        if self.storage:
            where = f"{self.storage}/{self._shelf.host}/{repository.name}/{digest}?se=2099-01-01&sp=r&sv=2023-11-03&sr=b&sig=demo"
            return Reply(307, b"", (*self._headers, ("Location", where)))
        headers = (("Content-Type", "application/octet-stream"), ("Docker-Content-Digest", digest))
        return Reply(200, body, (*self._headers, *headers))

    def _referring(self, request: Request, repository: Repository, digest: str) -> Reply:
        kind = request.query.get("artifactType", "")
        listed = [_descriptor(stored) for stored in repository.referrers(digest) if not kind or stored.artifact_type == kind]
        headers = [("Content-Type", INDEX), *self._headers]
        if kind:
            headers.append(("Oci-Filters-Applied", "artifactType"))
        return Reply(200, encode({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}), tuple(headers))


def _descriptor(stored: Stored) -> Json:
    """ACR leaves artifactType out for artifacts whose kind is their config's media type (Azure/acr#784)."""
    descriptor: Json = {"mediaType": stored.media_type, "digest": stored.digest, "size": len(stored.body)}
    kind: Json = {"artifactType": stored.artifact_type} if stored.artifact_type else {}
    return {**descriptor, **kind, "annotations": dict(stored.annotations)}

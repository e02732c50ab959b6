"""A registry on loopback that holds whatever it is given, lies included: manifests, blobs, tags, referrers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from tests.real.cosign_bench import EMPTY, Attached, digest_of

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


class Registry:
    """Its content: each repository has its own tags and referrers."""

    def __init__(self) -> None:
        self.host = ""
        self.bodies: dict[str, tuple[str, bytes]] = {}
        self.tags: dict[tuple[str, str], str] = {}
        self.referrers: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def put(self, content: bytes, media_type: str = "application/octet-stream") -> dict[str, Any]:
        """Keep content; its descriptor."""
        digest = digest_of(content)
        self.bodies[digest] = (media_type, content)
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    def image(self) -> str:
        """An image; its digest."""
        config = self.put(b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}')
        body = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config | {"mediaType": CONFIG}, "layers": []}
        digest: str = self.put(json.dumps(body).encode(), MANIFEST)["digest"]
        return digest

    def attach(self, repository: str, subject: str, attached: Attached) -> None:
        """Keep a signature manifest in a repository, under its tag or as a referrer."""
        layers = []
        for layer in attached.layers:
            described = self.put(layer.content) | {"mediaType": layer.media_type, "annotations": layer.annotations}
            described |= layer.changes
            layers.append({name: value for name, value in described.items() if value is not None})
        body: dict[str, Any] = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.put(b"{}") | {"mediaType": EMPTY if not attached.ending else CONFIG},
            "layers": layers,
        }
        if attached.kind:
            body["artifactType"] = attached.kind
        if not attached.ending:
            body["subject"] = {"mediaType": MANIFEST, "digest": subject, "size": 1}
        descriptor = self.put(json.dumps(body | attached.changes).encode(), MANIFEST)
        if attached.ending:
            self.tags[repository, subject.replace(":", "-") + attached.ending] = descriptor["digest"]
        else:
            kind = {"artifactType": attached.kind} if attached.kind else {}
            self.referrers.setdefault((repository, subject), []).append(descriptor | kind)

    def answer(self, path: str) -> tuple[str, bytes, str] | None:
        """Media type, content and digest; None when there is nothing."""
        repository, _, rest = path.removeprefix("/v2/").partition("/")
        kind, _, reference = rest.partition("/")
        if path == "/v2/":
            return "application/json", b"{}", ""
        if path == "/v2/_catalog":
            names = sorted({place for place, _ in self.tags})
            return "application/json", json.dumps({"repositories": names}).encode(), ""
        if kind == "referrers":
            found = self.referrers.get((repository, reference), [])
            return INDEX, json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": found}).encode(), ""
        if kind == "tags":
            names = [tag for place, tag in self.tags if place == repository]
            return "application/json", json.dumps({"name": repository, "tags": names}).encode(), ""
        digest = reference if ":" in reference else self.tags.get((repository, reference), "")
        body = self.bodies.get(digest)
        return (*body, digest) if body is not None else None


@contextmanager
def serving() -> Iterator[Registry]:
    """The registry on loopback, for as long as the block runs."""
    registry = Registry()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # head and body in one packet

        def do_GET(self) -> None:
            found = registry.answer(self.path.partition("?")[0])
            missing = json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "unknown"}]}).encode()
            media_type, content, digest = found or ("application/json", missing, "")
            self.send_response(200 if found is not None else 404)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(content)))
            if digest:
                self.send_header("Docker-Content-Digest", digest)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    registry.host = f"127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()

"""A registry on a real socket that tells the truth until it is told to lie: the distribution API over plain HTTP, own code.

Content is put in by methods that give descriptors, which may then be bent; `lies` are asked before anything is answered. Cases
that use it write down what they expect, so that they need no other tool; where cosign is there, it is asked too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from tests.sources.signatures import cosigner
from tests.sources.signatures.cases import document
from tests.sources.signatures.signer import JWS, Ask, jws, usual

__all__ = ["Answer", "Json", "LyingRegistry", "digest_of", "serving", "trusted"]

Json = dict[str, Any]
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
EMPTY = "application/vnd.oci.empty.v1+json"
NOTATION = "application/vnd.cncf.notary.signature"
SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
SIGNER = usual()
KEY = ec.generate_private_key(ec.SECP256R1())
STRANGER = ec.generate_private_key(ec.SECP256R1())


class Answer(NamedTuple):
    """What is sent."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


Lie = Callable[[str, str], Answer | None]
"""From the method and the path with its query to another answer; None leaves the truth."""


def digest_of(content: bytes) -> str:
    """SHA-256."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def error(status: int, code: str) -> Answer:
    """A refusal in the form of the distribution API."""
    return Answer(status, json.dumps({"errors": [{"code": code, "message": "no"}]}).encode())


class LyingRegistry:
    """Content of one repository, `app`, and what is told of it; `api` says whether there is a referrers API."""

    def __init__(self) -> None:
        self.port = 0
        self.api = True
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.tags: dict[str, str] = {}
        self.blobs: dict[str, bytes] = {}
        self.listed: dict[str, list[Json]] = {}
        self.lies: list[Lie] = []
        self.asked: list[str] = []

    @property
    def host(self) -> str:
        """As references write it."""
        return f"127.0.0.1:{self.port}"

    def reference(self, tag: str = "1") -> str:
        """The repository with a tag, or with a digest."""
        return f"{self.host}/app{'@' if ':' in tag else ':'}{tag}"

    # ---- content

    def blob(self, content: bytes, media_type: str, **more: Any) -> Json:
        """Keep a blob; its descriptor."""
        self.blobs[digest_of(content)] = content
        return {"mediaType": media_type, "digest": digest_of(content), "size": len(content), **more}

    def put(self, body: Json, *tags: str, media_type: str = MANIFEST, served_as: str = "") -> Json:
        """Keep a manifest, served with another Content-Type if one is given; its descriptor."""
        content = json.dumps({"schemaVersion": 2, "mediaType": media_type, **body}).encode()
        digest = digest_of(content)
        self.manifests[digest] = (served_as or media_type, content)
        self.tags.update(dict.fromkeys(tags, digest))
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    def image(self, *tags: str, arch: str = "amd64", name: str = "a", **members: Any) -> Json:
        """An image; members take the place of its own."""
        config = {
            "architecture": arch,
            "os": "linux",
            "created": "2026-01-02T03:04:05Z",
            "rootfs": {"type": "layers", "diff_ids": [digest_of(name.encode())]},
            "history": [{"created_by": f"ADD {name}"}],
        }
        layer = {"mediaType": LAYER, "digest": digest_of(b"z" + name.encode()), "size": 10}
        body = {"config": self.blob(json.dumps(config).encode(), CONFIG), "layers": [layer], **members}
        found = self.put(body, *tags)
        return {**found, "platform": {"os": "linux", "architecture": arch}}

    def index(self, *tags: str, children: list[Json], media_type: str = INDEX, served_as: str = "") -> Json:
        """An index."""
        return self.put({"manifests": children}, *tags, media_type=media_type, served_as=served_as)

    def platforms(self) -> list[Json]:
        """Two images that belong together."""
        return [self.image(arch="amd64"), self.image(arch="arm64")]

    # ---- signatures

    def envelope(self, subject: Json, **more: Any) -> bytes:
        """What notation would sign of a manifest."""
        target = {name: subject[name] for name in ("mediaType", "digest", "size")}
        return jws(Ask(SIGNER, payload=json.dumps({"targetArtifact": target}).encode(), **more))

    def attach(self, subject: Json, body: Json, *, api: bool = True, schema: bool = False, **told: Any) -> Json:
        """A manifest about another, listed by the API, under the tag schema, or by both; `told` bends how it is listed."""
        about = {name: subject[name] for name in ("mediaType", "digest", "size")}
        listed = {**self.put({"subject": about, **body}), "artifactType": body.get("artifactType", ""), **told}
        if api:
            self.listed.setdefault(subject["digest"], []).append(listed)
        if schema:
            tag = subject["digest"].replace(":", "-")
            known = json.loads(self.manifests[self.tags[tag]][1])["manifests"] if tag in self.tags else []
            self.index(tag, children=[*known, listed])
        return listed

    def notation(self, subject: Json, *, about: Json | None = None, layers: int = 1, salt: str = "", **how: Any) -> Json:
        """A signature of notation, good unless it is `about` another manifest or has more `layers`."""
        layer = self.blob(self.envelope(about or subject), JWS)
        config = self.blob(b"{}", NOTATION)
        body = {"artifactType": NOTATION, "config": config, "layers": [layer] * layers, "annotations": {"salt": salt}}
        return self.attach(subject, body, **how)

    def junk(self, subject: Json, count: int, kind: str = "application/spdx+json") -> None:
        """Many artifacts that are listed by the API and are nothing."""
        config = self.blob(b"{}", kind)
        for number in range(count):
            body = {"artifactType": kind, "config": config, "layers": [], "annotations": {"number": str(number)}}
            self.listed.setdefault(subject["digest"], []).append({**self.put(body), "artifactType": kind})

    def cosign(self, subject: Json, *keys: ec.EllipticCurvePrivateKey, tag: str = "", digest: str = "") -> None:
        """Signatures of cosign in one manifest, one by each key, under the tag where cosign looks."""
        layers = []
        for number, key in enumerate(keys or (KEY,)):
            content = cosigner.payload(digest or subject["digest"], f"{self.host}/app")
            content = content[:-1] + b" " * (number % 7) + b"}"
            signature = cosigner.b64(cosigner.sign(key, content))
            layers.append(self.blob(content, SIMPLE, annotations={"dev.cosignproject.cosign/signature": signature}))
        config = self.blob(b"{}", CONFIG)
        self.put({"config": config, "layers": layers}, tag or f"{subject['digest'].replace(':', '-')}.sig")

    # ---- answers

    def lie(self, part: str, answer: Answer) -> None:
        """Answer so wherever the path holds a part."""
        self.lies.append(lambda method, path: answer if part in path else None)

    def answer(self, method: str, path: str) -> Answer:
        """What is sent to a request."""
        self.asked.append(f"{method} {path}")
        for lie in self.lies:
            if (told := lie(method, path)) is not None:
                return told
        return self._truth(unquote(urlsplit(path).path))

    def _truth(self, path: str) -> Answer:
        if path == "/v2/":
            return Answer(body=b"{}")
        if path == "/v2/_catalog":
            return Answer(body=b'{"repositories":["app"]}')
        kind, _, reference = path.removeprefix("/v2/app/").partition("/")
        match kind:
            case "tags":
                return Answer(body=json.dumps({"name": "app", "tags": sorted(self.tags)}).encode())
            case "manifests":
                return self._manifest(self.tags.get(reference, reference))
            case "blobs" if reference in self.blobs:
                return Answer(body=self.blobs[reference], content_type="application/octet-stream")
            case "referrers" if self.api:
                body = {"schemaVersion": 2, "mediaType": INDEX, "manifests": self.listed.get(reference, [])}
                return Answer(body=json.dumps(body).encode(), content_type=INDEX)
            case "referrers":
                return Answer(404, b"404 page not found\n", "text/plain; charset=utf-8")
            case _:
                return error(404, "BLOB_UNKNOWN")

    def _manifest(self, digest: str) -> Answer:
        if digest not in self.manifests:
            return error(404, "MANIFEST_UNKNOWN")
        media_type, content = self.manifests[digest]
        headers = (("Docker-Content-Digest", digest),) if digest == digest_of(content) else ()
        return Answer(200, content, media_type, headers)


@contextmanager
def serving() -> Iterator[LyingRegistry]:
    """A registry on loopback, for as long as the block runs."""
    registry = LyingRegistry()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            told = registry.answer(self.command, self.path)
            self.send_response(told.status)
            self.send_header("Content-Type", told.content_type)
            self.send_header("Content-Length", str(len(told.body)))
            for name, value in told.headers:
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(told.body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    registry.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def trusted(directory: Path) -> tuple[str, str]:
    """A directory as notation keeps it, and a file with cosign's public key, that trust the signer of this module."""
    (directory / "trustpolicy.json").write_text(json.dumps(document("strict")))
    for kind, store in (("ca", "c"), ("signingAuthority", "a")):
        place = directory / "truststore" / "x509" / kind / store
        place.mkdir(parents=True)
        (place / "root.der").write_bytes(SIGNER.root)
    (directory / "cosign.pub").write_bytes(cosigner.pem(KEY))
    return str(directory), str(directory / "cosign.pub")

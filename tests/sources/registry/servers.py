"""A small registry on a real socket, for tests: the distribution API, Bearer and Basic sign-in, ACR's lists, and faults."""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self
from urllib.parse import quote, unquote

from aiohttp import web

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
TIME = "2024-09-17T08:33:29.2226262Z"
UNLOCKED = {"deleteEnabled": True, "writeEnabled": True, "readEnabled": True, "listEnabled": True}

Fault = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


def digest_of(content: bytes) -> str:
    """sha256 of a body."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def jwt(**claims: object) -> str:
    """A token that nobody verifies."""
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{part}.sig"


class FakeRegistry:
    """State and handlers; `auth` is `none`, `basic` or `bearer`; denied repositories need a right that nobody has."""

    def __init__(
        self,
        *,
        auth: str = "none",
        acr: bool = False,
        referrers: bool = True,
        page: int = 1000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.clock = clock
        self.auth, self.acr, self.with_referrers, self.page = auth, acr, referrers, page
        self.users = {"ops": "secret"}
        self.manifests: dict[str, dict[str, tuple[str, bytes]]] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.blobs: dict[str, bytes] = {}
        self.denied: set[str] = set()
        self.catalog = True
        self.requests: list[tuple[str, str, str]] = []
        self.fault: Fault | None = None
        self.realm = ""
        self.refresh = "refresh-token"
        self.locks: dict[str, dict[str, bool]] = {}
        self.url = ""
        self._runner: web.AppRunner | None = None
        self._ssl: ssl.SSLContext | None = None

    async def start(self, context: ssl.SSLContext | None = None, port: int = 0) -> Self:
        """Listen on a free port of this machine."""
        app = web.Application(client_max_size=1 << 20)
        app.router.add_route("*", "/{tail:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=context)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{port}"
        return self

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        return self if self._runner else await self.start()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        await self.stop()

    # ---- content

    def blob(self, content: bytes) -> dict[str, object]:
        """Keep a blob; its descriptor."""
        self.blobs[digest_of(content)] = content
        return {"digest": digest_of(content), "size": len(content)}

    def put(self, repository: str, body: dict[str, object], tag: str = "", media_type: str = MANIFEST) -> str:
        """Keep a manifest; its digest."""
        content = json.dumps({"schemaVersion": 2, "mediaType": media_type, **body}).encode()
        digest = digest_of(content)
        self.manifests.setdefault(repository, {})[digest] = (media_type, content)
        self.tags.setdefault(repository, {})
        if tag:
            self.tags[repository][tag] = digest
        return digest

    def image(self, repository: str, tag: str = "", *, layers: tuple[str, ...] = ("a",), arch: str = "amd64") -> str:
        """An image whose layers are named; the digest of its manifest."""
        config = {
            "architecture": arch,
            "os": "linux",
            "created": "2024-01-02T03:04:05.123456789Z",
            "rootfs": {"type": "layers", "diff_ids": [digest_of(layer.encode()) for layer in layers]},
            "history": [{"created_by": f"ADD {layer}"} for layer in layers],
            "config": {"Labels": {"made.by": repository}},
        }
        body: dict[str, object] = {
            "config": {"mediaType": CONFIG, **self.blob(json.dumps(config).encode())},
            "layers": [{"mediaType": LAYER, "digest": digest_of(b"z" + layer.encode()), "size": 10} for layer in layers],
        }
        return self.put(repository, body, tag)

    def index(self, repository: str, tag: str, children: list[dict[str, object]]) -> str:
        """An index of descriptors."""
        return self.put(repository, {"manifests": children}, tag, INDEX)

    def multiarch(self, repository: str, tag: str) -> str:
        """An index of two platforms."""
        return self.index(
            repository,
            tag,
            [
                {
                    "mediaType": MANIFEST,
                    "digest": self.image(repository, arch=arch),
                    "size": 1,
                    "platform": {"os": "linux", "architecture": arch},
                }
                for arch in ("amd64", "arm64")
            ],
        )

    # ---- answers

    def paths(self, prefix: str = "") -> list[str]:
        """`METHOD path` of the requests so far."""
        return [f"{method} {path}" for method, path, _ in self.requests if path.startswith(prefix)]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.raw_path, request.headers.get("Authorization", "")))
        if self.fault is not None and (answer := await self.fault(request)) is not None:
            return answer
        path = unquote(request.path)
        if path.startswith("/oauth2/"):
            return await self._oauth(request)
        repository = self._repository(path)
        if (refused := self._refuse(request, repository)) is not None:
            return refused
        return self._serve(request, path, repository)

    @staticmethod
    def _repository(path: str) -> str:
        for middle in ("/manifests/", "/blobs/", "/tags/list", "/referrers/", "/_tags", "/_manifests"):
            if middle in path:
                return path.split(middle)[0].removeprefix("/v2/").removeprefix("/acr/v1/")
        return path.removeprefix("/acr/v1/") if path.startswith("/acr/v1/") and not path.endswith("/_catalog") else ""

    def _refuse(self, request: web.Request, repository: str) -> web.Response | None:
        if self.auth == "none":
            return None
        given = request.headers.get("Authorization", "")
        scope = f"repository:{repository}:pull" if repository else ""
        if self.auth == "basic":
            good, challenge = self._knows_basic(given), 'Basic realm="x"'
        else:
            realm = self.realm or f"{self.url}/oauth2/token"
            challenge = f'Bearer realm="{realm}",service="reg",scope="{scope}"'
            good = given.startswith("Bearer ") and (not repository or f'"{repository}"' in _payload(given))
        if good and repository not in self.denied:
            return None
        body = {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required", "detail": None}]}
        return web.json_response(
            body, status=401, headers={"WWW-Authenticate": challenge, "X-Ms-Correlation-Request-Id": "corr-1"}
        )

    def _knows_basic(self, given: str) -> bool:
        return any(given == "Basic " + base64.b64encode(f"{u}:{p}".encode()).decode() for u, p in self.users.items())

    async def _oauth(self, request: web.Request) -> web.Response:
        form = await request.post() if request.method == "POST" else request.query
        scopes = [str(scope) for scope in form.getall("scope", [])]
        if request.path == "/oauth2/exchange":
            if form.get("access_token") != "entra-token":
                return web.json_response({"errors": [{"code": "UNAUTHORIZED", "message": "no"}]}, status=401)
            return web.json_response({"refresh_token": jwt(exp=self.clock() + 11_700)})
        given = request.headers.get("Authorization", "")
        if request.method == "GET" and given and not self._knows_basic(given):
            return web.json_response({"errors": [{"code": "UNAUTHORIZED", "message": "bad password"}]}, status=401)
        access = [
            {"Type": "repository", "Name": scope.split(":")[1], "Actions": scope.split(":")[2].split(",")} for scope in scopes
        ]
        return web.json_response({"access_token": jwt(exp=self.clock() + 4_500, access=access)})

    def _serve(self, request: web.Request, path: str, repository: str) -> web.Response:
        if path in ("/v2/", "/v2"):
            return web.json_response({})
        if path.endswith("/_catalog"):
            if not self.catalog:
                return _error(404, "OPERATION_UNKNOWN")
            return self._page(request, sorted(self.manifests), lambda names: {"repositories": names})
        if repository not in self.manifests:
            return _error(404, "NAME_UNKNOWN")
        if path.endswith("/tags/list"):
            return self._page(request, sorted(self.tags[repository]), lambda names: {"name": repository, "tags": names})
        if path.endswith("/_tags"):
            return self._page(
                request, sorted(self.tags[repository]), lambda names: {"tags": [self._tag(repository, n) for n in names]}
            )
        if path.endswith("/_manifests"):
            digests = sorted(self.manifests[repository])
            return self._page(request, digests, lambda names: {"manifests": [self._row(repository, d) for d in names]})
        if path.startswith("/acr/v1/"):
            return self._alone(repository, path.removeprefix(f"/acr/v1/{repository}").removeprefix("/_manifests/"))
        return self._content(request, repository, path.rsplit("/", 2)[1], path.rsplit("/", 1)[1])

    def _alone(self, repository: str, digest: str) -> web.Response:
        """The attributes of a repository or a manifest (recordings client.get_repository_properties, get_manifest_properties)."""
        head: dict[str, object] = {"registry": "registry.test", "imageName": repository}
        changeable = {"changeableAttributes": self.locks.get(digest or repository, UNLOCKED)}
        if not digest:
            counts = {"manifestCount": len(self.manifests[repository]), "tagCount": len(self.tags[repository])}
            return web.json_response({**head, "createdTime": TIME, "lastUpdateTime": TIME, **counts, **changeable})
        if digest not in self.manifests[repository]:
            return _error(404, "MANIFEST_UNKNOWN")
        return web.json_response({**head, "manifest": {**self._row(repository, digest), **changeable}})

    def _content(self, request: web.Request, repository: str, kind: str, reference: str) -> web.Response:
        held = self.manifests[repository]
        if kind == "referrers":
            if not self.with_referrers:
                return web.Response(status=404, text="404 page not found\n")
            return web.json_response({"schemaVersion": 2, "mediaType": INDEX, "manifests": self._attached(repository, reference)})
        if kind == "blobs":
            found = self.blobs.get(reference)
            return web.Response(body=found) if found is not None else _error(404, "BLOB_UNKNOWN")
        digest = self.tags[repository].get(reference, reference)
        if digest not in held:
            return _error(404, "MANIFEST_UNKNOWN")
        media_type, content = held[digest]
        return web.Response(body=content, headers={"Content-Type": media_type, "Docker-Content-Digest": digest})

    def _attached(self, repository: str, subject: str) -> list[dict[str, object]]:
        found = []
        for digest, (media_type, content) in self.manifests[repository].items():
            body = json.loads(content)
            if body.get("subject", {}).get("digest") == subject:
                found.append(
                    {
                        "mediaType": media_type,
                        "digest": digest,
                        "size": len(content),
                        "artifactType": body.get("artifactType", ""),
                    }
                )
        return found

    def _tag(self, repository: str, name: str) -> dict[str, object]:
        return {"name": name, "digest": self.tags[repository][name], "createdTime": TIME, "lastUpdateTime": TIME, "signed": False}

    def _row(self, repository: str, digest: str) -> dict[str, object]:
        media_type, content = self.manifests[repository][digest]
        return {"digest": digest, "imageSize": len(content), "createdTime": TIME, "lastUpdateTime": TIME, "mediaType": media_type}

    def _page(self, request: web.Request, rows: list[str], shape: Callable[[list[str]], object]) -> web.Response:
        size = min(int(request.query.get("n", 100)), self.page)
        rest = [row for row in rows if row > request.query.get("last", "")]
        headers = {}
        if len(rest) > size:
            headers["Link"] = f'<{request.rel_url.raw_path}?last={quote(rest[size - 1], safe="")}&n={size}&orderby=>; rel="next"'
        return web.json_response(shape(rest[:size]), headers=headers)


def _payload(given: str) -> str:
    part = given.removeprefix("Bearer ").split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()


def _error(status: int, code: str) -> web.Response:
    return web.json_response(
        {"errors": [{"code": code, "message": code.lower().replace("_", " "), "detail": {"name": "x"}}]}, status=status
    )

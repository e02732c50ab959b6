"""A static API server for benchmarks: realistic pods in pages, and a watch at full speed. Run as a child process.

`python -m tests.bench.podserver PODS EVENTS FOLDER` prints its port. It speaks TLS, as every API server does, with the
certificate and key in `FOLDER/server.pem`. Pods are 6-10 kB as API servers send them, with managedFields
(37 % of a real page), owners, init containers, volumes, conditions and statuses.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["PAGE", "podserver"]

PAGE = 500
MOMENT = 0.2
# The pages differ in this mark of fixed width only; they are made on disk before the first request, so that serving them
# costs the server next to nothing.
_PAGE_MARK = b"@PAGE@"
Json = dict[str, Any]


@asynccontextmanager
async def podserver(pods: int, events: int, folder: str) -> AsyncIterator[str]:
    """The URL of a server in a process of its own; its certificate is left in the folder as `server.pem`."""
    _make_certificate(Path(folder))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.podserver", str(pods), str(events), folder, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield f"https://127.0.0.1:{int(await process.stdout.readline())}"
    finally:
        process.terminate()
        await process.wait()


def _make_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pod server")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(certificate.public_bytes(pem) + secret)


def make_pod(number: int, page: str) -> Json:
    """A pod much like those of a production cluster."""
    app = f"service-{number // 5:03d}"
    name = f"{app}-6d4b75cb6d-{page}{number:03d}"
    digest = f"{number // 5:064x}"
    # Every pod has an init container, every third one a proxy beside its main container.
    names = [("main", app), ("proxy", "mesh-proxy")][: 2 if number % 3 == 0 else 1]
    containers = [_container(name, image) for name, image in names]
    statuses = [_container_status(name, image, digest) for name, image in names]
    return {
        "metadata": _metadata(number, page, name, app, digest),
        "spec": {
            "volumes": [
                {"name": "kube-api-access-x7k2p", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
            ],
            "initContainers": [_container("migrate", app)],
            "containers": containers,
            "restartPolicy": "Always",
            "nodeName": f"aks-pool1-{number % 60:08d}-vmss",
            "serviceAccountName": "default",
            "tolerations": [
                {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            ],
        },
        "status": {
            "phase": "Running",
            "conditions": [
                {"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": "2026-11-20T08:16:02Z"}
                for kind in ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
            ],
            "podIP": "10.244.3.17",
            "startTime": "2026-11-20T08:15:30Z",
            "initContainerStatuses": [_container_status("migrate", app, digest)],
            "containerStatuses": statuses,
            "qosClass": "Burstable",
        },
    }


def _metadata(number: int, page: str, name: str, app: str, digest: str) -> Json:
    return {
        "name": name,
        "generateName": f"{app}-6d4b75cb6d-",
        "namespace": f"team-{number % 20:02d}",
        "uid": f"5f0c1a2e-8f6d-4c7b-9a51-{page}{number:06d}",
        "resourceVersion": "184467440",
        "creationTimestamp": "2026-11-20T08:15:30Z",
        "labels": {"app": app, "app.kubernetes.io/managed-by": "Helm", "pod-template-hash": "6d4b75cb6d"},
        "annotations": {"prometheus.io/scrape": "true", "checksum/config": digest},
        "ownerReferences": [
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "name": f"{app}-6d4b75cb6d",
                "uid": f"rs-{number // 5}",
                "controller": True,
            }
        ],
        "managedFields": [_managed("kube-controller-manager"), _managed("kubelet")],
    }


def _container(name: str, app: str) -> Json:
    environment = [
        {"name": f"SETTING_{number}", "value": f"https://{app}.internal.example:8443/v1/{number}"} for number in range(10)
    ]
    return {
        "name": name,
        "image": f"contoso.azurecr.io/{app}:2026.11.3",
        "command": ["/app/server"],
        "args": ["--config=/etc/app/config.yaml", "--log-level=info"],
        "env": environment,
        "resources": {"limits": {"cpu": "500m", "memory": "512Mi"}, "requests": {"cpu": "50m", "memory": "128Mi"}},
        "volumeMounts": [
            {"name": "kube-api-access-x7k2p", "readOnly": True, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
        ],
        "livenessProbe": {
            "httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"},
            "periodSeconds": 10,
            "failureThreshold": 3,
        },
        "imagePullPolicy": "IfNotPresent",
    }


def _container_status(name: str, app: str, digest: str) -> Json:
    return {
        "name": name,
        "state": {"running": {"startedAt": "2026-11-20T08:16:00Z"}},
        "lastState": {},
        "ready": True,
        "restartCount": 0,
        "image": f"contoso.azurecr.io/{app}:2026.11.3",
        "imageID": f"contoso.azurecr.io/{app}@sha256:{digest}",
        "containerID": f"containerd://{digest}",
        "started": True,
    }


def _managed(manager: str) -> Json:
    fields: Json = {f'k:{{"name":"SETTING_{number}"}}': {".": {}, "f:name": {}, "f:value": {}} for number in range(10)}
    spec = {
        "f:spec": {"f:containers": {'k:{"name":"main"}': {".": {}, "f:env": fields}, 'k:{"name":"proxy"}': {"f:env": fields}}}
    }
    return {
        "manager": manager,
        "operation": "Update",
        "apiVersion": "v1",
        "time": "2026-11-20T08:16:02Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": spec,
    }


def _template() -> bytes:
    return json.dumps([make_pod(number, _PAGE_MARK.decode()) for number in range(PAGE)], separators=(",", ":")).encode()


class _Server:
    def __init__(self, pods: int, events: int) -> None:
        self._pages = pods // PAGE
        self._events = events
        self._churning: asyncio.Task[None] | None = None
        self._watching: list[asyncio.StreamWriter] = []
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  open as long as the server
        self._length = 0
        items = _template()
        for number in range(self._pages):
            body = _page(items, number, self._pages)
            self._length = len(body)
            self._file.write(body)
        self._file.flush()

    async def serve(self, folder: str) -> None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(Path(folder) / "server.pem")
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0, ssl=tls)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await reader.readuntil(b"\r\n\r\n"):
                await self._answer(request.split(b" ", 2)[1].decode(), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, target: str, writer: asyncio.StreamWriter) -> None:
        url = urlsplit(target)
        query = parse_qs(url.query)
        if "watch" in query:
            await self._watch(url.path, writer)
        elif url.path.startswith("/change/"):
            # Asked for by a benchmark: one pod changes, a moment later.
            asyncio.get_running_loop().call_later(MOMENT, self._change, int(url.path.rpartition("/")[2]))
            writer.write(_head(0))
        elif url.path.startswith("/churn/"):
            # Asked for by a benchmark: so many changes, a hundred a second.
            self._churning = asyncio.create_task(self._churn(int(url.path.rpartition("/")[2])))
            writer.write(_head(0))
        elif url.path == "/api/v1/pods" and query.get("limit") == ["1"]:
            body = _single()
            writer.write(_head(len(body)) + body)
            await writer.drain()
        elif url.path == "/api/v1/pods":
            await self._send_page(int(query.get("continue", ["0"])[0]), writer)
        else:
            body = json.dumps(_DISCOVERY.get(url.path, _EMPTY)).encode()
            writer.write(_head(len(body)) + body)
            await writer.drain()

    async def _send_page(self, number: int, writer: asyncio.StreamWriter) -> None:
        writer.write(_head(self._length))
        self._file.seek(number * self._length)
        left = self._length
        while left:
            chunk = self._file.read(min(left, 256 * 1024))
            left -= len(chunk)
            writer.write(chunk)
            await writer.drain()

    async def _watch(self, path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
        if path == "/api/v1/pods":
            for burst in _bursts(self._events):
                writer.write(burst)
                await writer.drain()
            self._watching.append(writer)
            writer.write(b'{"type":"DELETED","object":{"metadata":{"name":"end","uid":"end"},"spec":{},"status":{}}}\n')
        await writer.drain()
        await asyncio.sleep(3600)

    def _change(self, restarts: int) -> None:
        """The first pod was restarted so many times, as everybody is told who watches."""
        for writer in self._watching:
            if not writer.is_closing():
                writer.write(_event(json.dumps(make_pod(0, "000000"), separators=(",", ":")).encode(), restarts))

    async def _churn(self, events: int) -> None:
        """Pods of the first page are restarted in turn, as everybody is told who watches."""
        pods = [json.dumps(make_pod(number, "000000"), separators=(",", ":")).encode() for number in range(100)]
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for number in range(events):
            await asyncio.sleep(begun + number / 100 - loop.time())
            for writer in self._watching:
                if not writer.is_closing():
                    writer.write(_event(pods[number % 100], number // 100 + 1))


def _head(length: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode()


def _page(items: bytes, number: int, pages: int) -> bytes:
    following = "" if number + 1 == pages else f"{number + 1:06d}"
    # The spaces keep every page at one length.
    metadata = b'{"resourceVersion":"184467441"' + (b',"continue":"%s"}' % following.encode() if following else b"}" + b" " * 20)
    return (
        b'{"kind":"PodList","apiVersion":"v1","metadata":'
        + metadata
        + b',"items":'
        + items.replace(_PAGE_MARK, b"%06d" % number)
        + b"}"
    )


def _single() -> bytes:
    """What is asked for to see whether the server answers: the first pod, and where there is more."""
    metadata = {"resourceVersion": "184467441", "continue": "000001"}
    items = [make_pod(0, "000000")]
    return json.dumps({"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": items}).encode()


def _bursts(events: int) -> Iterator[bytes]:
    """Events as one write each 100: every one changes its pod (a restart more)."""
    pods = [json.dumps(make_pod(number, "000000"), separators=(",", ":")).encode() for number in range(100)]
    for number in range(events // 100):
        yield b"".join(_event(pod, number + 1) for pod in pods)


def _event(pod: bytes, restarts: int) -> bytes:
    return b'{"type":"MODIFIED","object":' + pod.replace(b'"restartCount":0,', b'"restartCount":%d,' % restarts) + b"}\n"


_EMPTY: Json = {"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": []}
_POD_RESOURCE = {
    "name": "pods",
    "singularName": "pod",
    "namespaced": True,
    "kind": "Pod",
    "verbs": ["get", "list", "watch"],
    "shortNames": ["po"],
}
# As little of discovery as kubectl needs.
_DISCOVERY: dict[str, Json] = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [_POD_RESOURCE]},
}


if __name__ == "__main__":
    asyncio.run(_Server(int(sys.argv[1]), int(sys.argv[2])).serve(sys.argv[3]))

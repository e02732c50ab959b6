"""A static API server for benchmarks: realistic pods in pages, and a watch at full speed. Run as a child process.

`python -m tests.bench.podserver PODS EVENTS` prints its port. Pods are 6-10 kB as API servers send them, with managedFields
(37 % of a real page), owners, init containers, volumes, conditions and statuses.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["PAGE", "podserver"]

PAGE = 500
# Fixed-width marks in a page built once, so that serving costs the server next to nothing.
_PAGE_MARK = b"@PAGE@"
Json = dict[str, Any]


@asynccontextmanager
async def podserver(pods: int, events: int) -> AsyncIterator[str]:
    """The URL of a server in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.podserver", str(pods), str(events), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}"
    finally:
        process.terminate()
        await process.wait()


def make_pod(number: int, page: str) -> Json:
    """A pod much like those of a production cluster."""
    app = f"service-{number // 5:03d}"
    name = f"{app}-6d4b75cb6d-{page}{number:03d}"
    digest = f"{number // 5:064x}"
    containers = [_container("main", app), _container("proxy", "mesh-proxy")]
    statuses = [_container_status(name, app, digest) for name, app in (("main", app), ("proxy", "mesh-proxy"))]
    return {
        "metadata": {
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
        },
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
    fields = {f'k:{{"name":"SETTING_{number}"}}': {".": {}, "f:name": {}, "f:value": {}} for number in range(10)}
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
        self._items = _template()

    async def serve(self) -> None:
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
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
            return
        body = self._body(url.path, int(query.get("continue", ["0"])[0]))
        status = "200 OK" if body else "404 Not Found"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        writer.write(body)
        await writer.drain()

    def _body(self, path: str, number: int) -> bytes:
        if path == "/api/v1/pods":
            return self._page(number)
        if path in _DISCOVERY:
            return json.dumps(_DISCOVERY[path]).encode()
        return b'{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}'

    def _page(self, number: int) -> bytes:
        last = number + 1 >= self._pages
        metadata = {"resourceVersion": "184467441"}
        if not last:
            metadata |= {"continue": str(number + 1)}
        head = json.dumps({"kind": "PodList", "apiVersion": "v1", "metadata": metadata}, separators=(",", ":")).encode()
        return head[:-1] + b',"items":' + self._items.replace(_PAGE_MARK, b"%06d" % number) + b"}"

    async def _watch(self, path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
        if path == "/api/v1/pods":
            for burst in _bursts(self._events):
                writer.write(burst)
                await writer.drain()
            writer.write(b'{"type":"DELETED","object":{"metadata":{"name":"end","uid":"end"},"spec":{},"status":{}}}\n')
        await writer.drain()
        await asyncio.sleep(3600)


def _bursts(events: int) -> Iterator[bytes]:
    """Events as one write each 100: every one changes its pod (a restart more)."""
    pods = [json.dumps(make_pod(number, "000000"), separators=(",", ":")).encode() for number in range(100)]
    for number in range(events // 100):
        changed = b'"restartCount":%d,' % (number + 1)
        yield b"".join(b'{"type":"MODIFIED","object":' + pod.replace(b'"restartCount":0,', changed) + b"}\n" for pod in pods)


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
    asyncio.run(_Server(int(sys.argv[1]), int(sys.argv[2])).serve())

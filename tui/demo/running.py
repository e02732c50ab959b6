"""One run of the demo: servers up, files written, until it is told to end."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tui.demo.azure.arm import AzureResourceManager
from tui.demo.azure.graph import ResourceGraph
from tui.demo.builders.github import LogStore
from tui.demo.builders.services import BuilderService, make_builders
from tui.demo.cluster.rights import User
from tui.demo.cluster.server import ApiServer
from tui.demo.content import Json
from tui.demo.directory import BuilderTable, entra_kubeconfig, write_docker, write_kubeconfig, write_settings
from tui.demo.estate.company import Company, build_company
from tui.demo.estate.images import CONTOSO, FABRIKAM, LEGACY, MCR
from tui.demo.estate.life import Life
from tui.demo.estate.publisher import Published
from tui.demo.estate.rolling import Roller
from tui.demo.estate.special import told_bases
from tui.demo.faults import Faults
from tui.demo.http import Handler, Request, serve
from tui.demo.identity import ManagedIdentity
from tui.demo.pki import Authority
from tui.demo.registry.acr import AzureRegistry
from tui.demo.registry.plain import OpenRegistry, PasswordRegistry, Storage
from tui.demo.requestlog import REQUESTS, RequestLog
from tui.demo.scenarios import Scenario
from tui.demo.services import make_graph, make_services
from tui.demo.signing.revocation import RevocationList
from tui.demo.trust import write_cosign_keys, write_trust

__all__ = ["Run"]

ADMIN, VIEWER, NOBODY = "admin", "viewer", "denied"
VIEWED = ("payments", "checkout")
LEGACY_USER = "svc-reader"
# Set to nothing, so that nothing of the operator's own sign-in is used in the demo.
_CLEARED = (
    "AZURE_CLIENT_ID",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_USERNAME",
    "AZURE_PASSWORD",
    "AZURE_AUTHORITY_HOST",
    "MSI_ENDPOINT",
    "MSI_SECRET",
    "IDENTITY_SERVER_THUMBPRINT",
    "COSIGN_REPOSITORY",
    "COSIGN_TRUSTED_ROOT",
    "SIGSTORE_ROOT_FILE",
    "SIGSTORE_REKOR_PUBLIC_KEY",
    "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE",
)


@dataclass(frozen=True, slots=True)
class _Tls:
    authority: Authority
    clusters: ssl.SSLContext
    registries: ssl.SSLContext


class Run:
    """Starts everything of one scenario; `pace` stretches what builds and rollouts take."""

    def __init__(self, scenario: Scenario, seed: int, directory: Path, pace: float = 1.0) -> None:
        self._scenario, self._directory, self._seed, self._pace = scenario, directory, seed, pace
        self._faults: Faults = scenario.faults()
        self._servers = AsyncExitStack()
        self.requests = RequestLog(directory / REQUESTS)
        self._tokens = {name: secrets.token_urlsafe(24) for name in (VIEWER, NOBODY)}
        self._password = secrets.token_urlsafe(12)
        self._identity = ManagedIdentity()
        self.pushes: list[Callable[[Published], None]] = []

    async def start(self) -> Json:
        """Start the servers, write the files, and return the handshake. Raises OSError."""
        self.company = await self._build()
        self.roller = Roller(self.company.clusters, self._pace, self._scenario.holdups)
        authority = Authority()
        tls = _Tls(authority, authority.context(self._directory, True), authority.context(self._directory, False))
        ca = self._directory / "ca.crt"
        ca.write_bytes(authority.pem)
        clusters = await self._start_clusters(tls)
        registries = await self._start_registries(tls)
        admin = authority.issue("contoso-admin", "system:masters")
        kubeconfig = write_kubeconfig(self._directory, clusters, authority.pem, admin, self._tokens)
        write_docker(self._directory, LEGACY, LEGACY_USER, self._password)
        graph = make_graph(self.company, self._identity.issued, denied=self._scenario.denied)
        services = make_services(self.company, graph, denied=self._scenario.denied)
        azure = await self._start_azure(graph, tls.registries, clusters, authority.pem)
        scanners = {}
        for service in services if not self._scenario.empty else ():
            url, _ = await self._serve(service.name, service.handler, tls.registries)
            scanners[service.name] = service.settings(url)
        builders, built = await self._start_builders(tls.registries)
        keys = write_cosign_keys(self._directory, self.company.signers)
        bases = told_bases(self.company.yard)
        settings = write_settings(self._directory, registries, keys.values(), scanners, bases, azure, built)
        _, port = await self._serve("identity", self._identity.handle, None)
        trust = write_trust(self._directory, self.company.signers, self.company.yard.shelves.values())
        environment = {
            **dict.fromkeys(_CLEARED, ""),
            "NOTATION_CONFIG": str(trust),
            "DOCKER_CONFIG": str(self._directory),
            "IDENTITY_ENDPOINT": f"http://127.0.0.1:{port}/msi/token",
            "IDENTITY_HEADER": self._identity.secret,
            "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
            **{service.variable: service.secret for service in services if service.secret},
            **{service.variable: service.secret for service in builders if service.secret},
        }
        handshake: Json = {"directory": str(self._directory), "kubeconfig": str(kubeconfig), "config": str(settings)}
        return {**handshake, "environment": environment, "contexts": list(clusters)}

    async def _build(self) -> Company:
        """The company; its certificates name the address of the list that revokes them, so that is served first."""
        revoked = RevocationList()
        _, port = await self._serve("revocation", revoked.handle, None)
        company = build_company(
            self._seed,
            datetime.now(UTC).replace(microsecond=0),
            empty=self._scenario.empty,
            extra=self._scenario.extra,
            revocation=f"http://127.0.0.1:{port}/contoso.crl",
        )
        revoked.signers = company.signers
        return company

    async def live(self) -> None:
        """Let things happen until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.roller.run())
            if self._scenario.lives:
                group.create_task(Life(self.company, self._seed, busy=self.roller.busy).run())

    def expire_tokens(self) -> None:
        """Everybody has to sign in again."""
        self._identity.expire()

    async def stop(self) -> None:
        """Close every listening socket."""
        await self._servers.aclose()

    async def _serve(self, name: str, handler: Handler, context: ssl.SSLContext | None) -> tuple[str, int]:
        server, port = await serve(self.requests.around(name, self._faults.around(name, handler)), context)
        self._servers.callback(server.close)
        return f"https://127.0.0.1:{port}", port

    async def _start_clusters(self, tls: _Tls) -> dict[str, str]:
        addresses = {}
        for cluster in self.company.clusters:
            name = cluster.estate.name
            addresses[name], _ = await self._serve(
                name, ApiServer(cluster.store, self._who, self.roller.writer(cluster)).handle, tls.clusters
            )
        return addresses

    def _who(self, request: Request) -> User | None:
        """Who asks: by client certificate, or by token."""
        everything = not self._scenario.denied
        if request.certificate:
            return User(request.certificate, ("system:masters",) if everything else (), everything)
        token = request.headers.get("authorization", "").partition(" ")[2]
        if everything and self._identity.issued(token):  # of Entra ID
            return User("mi-trustree-reader", ("system:masters",), everything)
        holders = {value: name for name, value in self._tokens.items()}
        name = holders.get(token)
        if name is None:
            return None
        namespaces = VIEWED if name == VIEWER and everything else ()
        return User(f"{name}@contoso.example", ("aad:contoso-developers",), False, namespaces)

    async def _start_azure(self, graph: ResourceGraph, context: ssl.SSLContext, clusters: Mapping[str, str], ca: bytes) -> str:
        """Azure Resource Manager, and the store of its logs."""
        users = {name: entra_kubeconfig(name, url, ca) for name, url in clusters.items()}
        denied, is_issued = self._scenario.denied, self._identity.issued
        self.arm = arm = AzureResourceManager(
            *(self.company, graph, is_issued, self._faults),
            denied=denied,
            kubeconfigs=users,
            pace=self._pace,
            listeners=self.pushes,
        )
        arm.logs.address, _ = await self._serve("logs", arm.logs.handle, context)
        url, _ = await self._serve("arm", arm.handle, context)
        return url

    async def _start_builders(self, context: ssl.SSLContext) -> tuple[list[BuilderService], dict[str, BuilderTable]]:
        """Azure Pipelines, GitHub with the store of its logs, and Jenkins; their tables in the settings."""
        if self._scenario.empty:
            return [], {}
        logs = LogStore()
        logs.address, _ = await self._serve("github-logs", logs.handle, context)
        denied, is_issued = self._scenario.denied, self._identity.issued
        services = make_builders(
            *(self.company, is_issued, self._faults, logs), denied=denied, listeners=self.pushes, pace=self._pace
        )
        tables: dict[str, BuilderTable] = {}
        for service in services:
            url, _ = await self._serve(str(service.system), service.handler, context)
            tables[str(service.system)] = (service.settings(url), service.images())
        return services, tables

    async def _start_registries(self, tls: _Tls) -> Mapping[str, tuple[str, str, str]]:
        yard, context = self.company.yard, tls.registries
        storage, _ = await self._serve("storage", Storage(yard.shelves.values()).handle, context)
        tables = {}
        for host in (CONTOSO, FABRIKAM):
            own = host == CONTOSO
            actions = ("pull", "metadata_read", "metadata_write") if own else ("pull", "metadata_read")
            denied = self._scenario.hidden if own else ()
            registry = AzureRegistry(yard.shelf(host), self._known, denied=denied, actions=actions)
            registry.distribution.storage = storage
            url, _ = await self._serve(host, registry.handle, context)
            tables[host] = ("acr", url, "entra")
        url, _ = await self._serve(MCR, OpenRegistry(yard.shelf(MCR)).handle, context)
        tables[MCR] = ("oci", url, "anonymous")
        expected = secrets.token_urlsafe(12) if self._scenario.denied else self._password
        legacy = PasswordRegistry(yard.shelf(LEGACY), LEGACY_USER, expected)
        url, _ = await self._serve(LEGACY, legacy.handle, context)
        tables[LEGACY] = ("oci", url, "docker")
        return tables

    def _known(self, token: str) -> bool:
        return not self._scenario.denied and self._identity.issued(token)


async def wait_for_end(ended: asyncio.Event, seconds: float) -> None:
    """Until the end is asked for, or for so long."""
    try:
        async with asyncio.timeout(seconds):
            await ended.wait()
    except TimeoutError:
        return

"""What operators meet: refused sign-ins, wrong certificates, servers that are elsewhere or are something else."""

from __future__ import annotations

import asyncio
import base64
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.client_reqrep import ConnectionKey
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.sources.cluster.apiserver import PODS, ApiServer, failure, page, pod, silent, write_kubeconfig
from tests.sources.cluster.follow import options, until_health
from tests.sources.cluster.tunnels import Tunnel
from tests.tried import tried
from tui.domain.facts.events import SourceHealth, SourceState
from tui.sources.cluster import ClusterSource
from tui.sources.cluster.failures import transport_error


def failed(health: SourceHealth) -> bool:
    return health.state is SourceState.FAILED


async def test_a_401_reads_the_kubeconfig_again_once(tmp_path: Path) -> None:
    """The operator, or az aks get-credentials, may have signed in again meanwhile."""
    server = ApiServer()

    def gate(request: web.Request) -> web.Response | None:
        if request.headers["Authorization"] == "Bearer new":
            return None
        write_kubeconfig(tmp_path, server.url, {"token": "new"})
        return failure(401, "Unauthorized")

    server.gate = gate
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url, {"token": "old"})))
        health = await until_health(source, lambda health: health.live)
    assert not health.auth_failed


async def test_a_401_that_stays_is_a_failed_sign_in(tmp_path: Path) -> None:
    server = ApiServer()
    server.gate = lambda _: failure(401, "Unauthorized")
    async with server.running():
        health = await until_health(ClusterSource(options(write_kubeconfig(tmp_path, server.url))), failed)
    assert health.auth_failed
    assert "does not accept the sign-in" in health.error
    assert "az login" in health.remedy


def test_a_name_that_does_not_resolve_hints_at_private_clusters() -> None:
    key = ConnectionKey("aks.privatelink.azmk8s.io", 443, True, True, None, None, None)
    error = transport_error(
        aiohttp.ClientConnectorDNSError(key, OSError(-2, "Name or service not known")), "aks.privatelink.azmk8s.io:443"
    )
    assert error.headline == "The name aks.privatelink.azmk8s.io does not resolve."
    assert "private cluster" in error.remedy.lower()


async def test_a_refused_connection(tmp_path: Path) -> None:
    health = await until_health(ClusterSource(options(write_kubeconfig(tmp_path, "https://127.0.0.1:1"))), failed)
    assert health.error == "127.0.0.1:1 cannot be reached: the connection is refused."


async def test_a_server_that_never_answers(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(PODS, silent())
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url), request_timeout=0.2, connect_timeout=0.2))
        health = await until_health(source, failed)
    assert "takes connections but does not answer" in health.error


async def test_a_server_that_hangs_before_the_handshake_takes_connections_and_does_not_answer(tmp_path: Path) -> None:
    released = asyncio.Event()

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        address = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        asked = ClusterSource(options(write_kubeconfig(tmp_path, address), request_timeout=0.2, connect_timeout=0.2))
        found = (await tried(asked.diagnose()))[-1]
        released.set()
    assert (found.what, found.state) == ("reachable", "failed")
    assert "takes connections but does not answer" in found.detail
    assert "ask whoever runs it" in found.remedy


async def test_a_body_that_never_ends(tmp_path: Path) -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.01)

    server = ApiServer()
    server.lists(PODS, trickle)
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url), request_timeout=0.05))
        health = await until_health(source, failed)
    assert "did not answer in time" in health.error or "does not answer" in health.error  # whichever is noticed first


async def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    server, other = ApiServer(), ApiServer()
    async with server.running(), other.running():
        server.gate = lambda _: web.Response(status=302, headers={"Location": other.url + PODS})
        health = await until_health(ClusterSource(options(write_kubeconfig(tmp_path, server.url))), failed)
    assert "redirects elsewhere" in health.error
    assert other.seen == []


@pytest.mark.parametrize("code", [500, 502, 503, 418])
async def test_server_faults_are_named_and_foreign_bodies_are_not_shown(tmp_path: Path, code: int) -> None:
    server = ApiServer()
    server.gate = lambda _: web.Response(status=code, text="<html>token=abc</html>")
    async with server.running():
        health = await until_health(ClusterSource(options(write_kubeconfig(tmp_path, server.url))), failed)
    assert str(code) in health.error
    assert "abc" not in health.error


class Authority:
    """A CA and what it signs."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self.name, self.key, ca=True)

    def _sign(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, ca: bool = False, dns: str = "") -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        names: list[x509.GeneralName] = [x509.DNSName(dns)] if dns else [x509.IPAddress(ip_address("127.0.0.1"))]
        return builder.add_extension(x509.SubjectAlternativeName(names), critical=False).sign(self.key, hashes.SHA256())

    def issue(self, name: str, dns: str = "") -> tuple[bytes, bytes]:
        """A certificate and its key, as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key, dns=dns)
        plain = serialization.NoEncryption()
        secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        return certificate.public_bytes(serialization.Encoding.PEM), secret

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def server_tls(folder: Path, authority: Authority, dns: str = "", *, ask: bool = False) -> ssl.SSLContext:
    """What the server shows, and whether it asks for a client certificate."""
    certificate, key = authority.issue("server", dns)
    (folder / "server.pem").write_bytes(certificate + key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem")
    if ask:
        context.load_verify_locations(cadata=authority.pem.decode())
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # set since Python 3.13; an API server, in Go, is not so strict
    return context


def data(pem: bytes) -> str:
    return base64.b64encode(pem).decode()


async def test_an_unknown_ca_is_said_and_nothing_is_sent(tmp_path: Path) -> None:
    server = ApiServer()
    async with server.running(server_tls(tmp_path, Authority("theirs"))):
        path = write_kubeconfig(tmp_path, server.url, cluster={"certificate-authority-data": data(Authority("ours").pem)})
        health = await until_health(ClusterSource(options(path)), failed)
    assert "is not trusted" in health.error
    assert "certificate-authority-data" in health.remedy
    assert server.seen == []


async def test_client_certificates_inline_and_as_files(tmp_path: Path) -> None:
    authority = Authority("ca")
    certificate, key = authority.issue("admin")
    (tmp_path / "ca.crt").write_bytes(authority.pem)
    (tmp_path / "me.crt").write_bytes(certificate)
    (tmp_path / "me.key").write_bytes(key)
    inline = {"client-certificate-data": data(certificate), "client-key-data": data(key)}
    files = {"client-certificate": "me.crt", "client-key": "me.key"}
    server = ApiServer()
    server.lists(PODS, page([pod("a")]))
    async with server.running(server_tls(tmp_path, authority, ask=True)):
        for user in (inline, files):
            path = write_kubeconfig(tmp_path, server.url, user, cluster={"certificate-authority": "ca.crt"})
            health = await until_health(ClusterSource(options(path)), lambda health: health.live)
            assert health.objects == 1
    assert not any("Authorization" in request.headers for request in server.seen)


async def test_the_name_in_the_certificate_may_be_given(tmp_path: Path) -> None:
    authority = Authority("ca")
    server = ApiServer()
    async with server.running(server_tls(tmp_path, authority, "api.internal")):
        trust = {"certificate-authority-data": data(authority.pem)}
        wrong = await until_health(ClusterSource(options(write_kubeconfig(tmp_path, server.url, cluster=trust))), failed)
        named = write_kubeconfig(tmp_path, server.url, cluster=trust | {"tls-server-name": "api.internal"})
        right = await until_health(ClusterSource(options(named)), lambda health: health.live)
    assert "is not trusted" in wrong.error
    assert right.state is SourceState.OK


async def test_verification_may_be_turned_off(tmp_path: Path) -> None:
    server = ApiServer()
    async with server.running(server_tls(tmp_path, Authority("ca"))):
        path = write_kubeconfig(tmp_path, server.url, cluster={"insecure-skip-tls-verify": True})
        await until_health(ClusterSource(options(path)), lambda health: health.live)


def port_of(server: ApiServer) -> int:
    return int(server.url.rpartition(":")[2])


@pytest.mark.parametrize("environment", [False, True])
async def test_a_proxy_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: bool) -> None:
    authority, server = Authority("ca"), ApiServer()
    async with (
        server.running(server_tls(tmp_path, authority, "cluster.invalid")),
        Tunnel(lambda: port_of(server), socks=False).running() as proxy,
    ):
        trust = {"certificate-authority-data": data(authority.pem)}
        if environment:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            monkeypatch.delenv("NO_PROXY", raising=False)
            monkeypatch.delenv("no_proxy", raising=False)
        else:
            trust["proxy-url"] = proxy.url
        path = write_kubeconfig(tmp_path, "https://cluster.invalid", cluster=trust)
        await until_health(ClusterSource(options(path)), lambda health: health.live)
    assert set(proxy.asked) == {("cluster.invalid", 443)}


async def test_a_server_on_this_machine_is_never_asked_for_by_the_environments_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, proxy = ApiServer(), ApiServer()
    async with server.running(), proxy.running():
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        await until_health(ClusterSource(options(write_kubeconfig(tmp_path, server.url))), lambda health: health.live)
    assert proxy.seen == []


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
@pytest.mark.parametrize("user", ["", "me:s%40crt"])
async def test_a_socks_proxy_leads_to_the_server_under_its_own_name(tmp_path: Path, scheme: str, user: str) -> None:
    authority, server = Authority("ca"), ApiServer()
    server.lists(PODS, page([pod("a")]))
    async with (
        server.running(server_tls(tmp_path, authority, "cluster.invalid")),
        Tunnel(lambda: port_of(server), socks=True, user=user.replace("%40", "@")).running() as proxy,
    ):
        at = proxy.url.replace("socks5://", f"{scheme}://{user}@" if user else f"{scheme}://")
        trust = {"certificate-authority-data": data(authority.pem), "proxy-url": at}
        path = write_kubeconfig(tmp_path, "https://cluster.invalid:6443", cluster=trust)
        health = await until_health(ClusterSource(options(path)), lambda health: health.live)
    assert health.objects == 1
    assert set(proxy.asked) == {("cluster.invalid", 6443)}
    assert {request.host for request in server.seen} == {"cluster.invalid:6443"}


async def test_a_socks_proxy_of_the_environment_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority, server = Authority("ca"), ApiServer()
    async with (
        server.running(server_tls(tmp_path, authority, "cluster.invalid")),
        Tunnel(lambda: port_of(server), socks=True).running() as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        trust = {"certificate-authority-data": data(authority.pem)}
        path = write_kubeconfig(tmp_path, "https://cluster.invalid", cluster=trust)
        await until_health(ClusterSource(options(path)), lambda health: health.live)
    assert set(proxy.asked) == {("cluster.invalid", 443)}


@pytest.mark.parametrize(
    ("reply", "user", "said"),
    [
        (2, "", "does not connect to cluster.invalid: its rules do not allow it"),
        (5, "", "the connection is refused"),
        (0, "somebody:else", "it requires a user name and password"),
    ],
)
async def test_a_socks_proxy_that_refuses_is_quoted(tmp_path: Path, reply: int, user: str, said: str) -> None:
    async with Tunnel(lambda: 1, socks=True, reply=reply, user=user).running() as proxy:
        path = write_kubeconfig(tmp_path, "https://cluster.invalid", cluster={"proxy-url": proxy.url})
        health = await until_health(ClusterSource(options(path)), failed)
    assert said in health.error
    assert "proxy-url" in health.remedy or "API server" in health.remedy


async def test_a_socks_proxy_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path, "http://127.0.0.1:1", cluster={"proxy-url": "socks5://127.0.0.1:1"})
    health = await until_health(ClusterSource(options(path)), failed)
    assert "The SOCKS proxy 127.0.0.1:1 does not let us through: it cannot be reached" in health.error

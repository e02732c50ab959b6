"""The transport on real sockets: names, ports, certificates, proxies, and what an operator is told."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from yarl import URL

from tests.sources.registry.servers import FakeRegistry
from tui.errors import NoAnswer, Unreachable, UntrustedPayload
from tui.sources.kit.proxies import NO_PROXY, Proxies
from tui.sources.kit.transport import Transport, TransportOptions, decode_json

LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
LATER = datetime.datetime(2120, 1, 1, tzinfo=datetime.UTC)


class Authority:
    """A CA that signs for one test."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test CA")])
        basics = x509.BasicConstraints(ca=True, path_length=None)
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        builder = self._builder(self._name, self._key.public_key(), LATER).add_extension(basics, True).add_extension(usage, True)
        identifier = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        self._identifier = identifier
        certificate = builder.add_extension(identifier, False).sign(self._key, hashes.SHA256())
        self.file = folder / "ca.pem"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(self, name: x509.Name, key: ec.EllipticCurvePublicKey, until: datetime.datetime) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(self._name).public_key(key)
        return builder.serial_number(x509.random_serial_number()).not_valid_before(LONG_AGO).not_valid_after(until)

    def server(self, *names: str, until: datetime.datetime = LATER) -> ssl.SSLContext:
        """A context with a certificate for these names or addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        san = x509.SubjectAlternativeName([_general(name) for name in names])
        issuer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(self._identifier)
        builder = self._builder(subject, key.public_key(), until).add_extension(san, False).add_extension(issuer, False)
        certificate = builder.sign(self._key, hashes.SHA256())
        file = self._folder / f"{names[0]}.pem"
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@pytest.fixture(name="authority")
def _authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def unreachable(url: str, options: TransportOptions | None = None) -> Unreachable:
    async with Transport(options or TransportOptions(timeout=5.0)) as transport:
        with pytest.raises(Unreachable) as caught:
            await transport.request("GET", url)
    assert caught.value.remedy
    return caught.value


async def test_a_ca_file_makes_a_private_registry_trusted(authority: Authority) -> None:
    options = TransportOptions(ca_file=str(authority.file))
    async with await FakeRegistry().start(authority.server("127.0.0.1")) as server, Transport(options) as transport:
        assert (await transport.request("GET", f"{server.url}/v2/")).status == 200


async def test_ssl_cert_file_is_honoured(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    async with await FakeRegistry().start(authority.server("127.0.0.1")) as server, Transport(TransportOptions()) as transport:
        assert (await transport.request("GET", f"{server.url}/v2/")).status == 200


async def test_an_unknown_ca_names_the_setting(authority: Authority) -> None:
    async with await FakeRegistry().start(authority.server("127.0.0.1")) as server:
        error = await unreachable(f"{server.url}/v2/")
        assert "a CA that is not trusted here" in error.headline
        assert "ca_file" in error.remedy


async def test_a_certificate_for_another_name_is_refused_and_server_name_mends_it(authority: Authority) -> None:
    async with await FakeRegistry().start(authority.server("contoso.azurecr.io")) as server:
        error = await unreachable(f"{server.url}/v2/", TransportOptions(ca_file=str(authority.file)))
        assert "for another name" in error.headline
        named = TransportOptions(ca_file=str(authority.file), server_name="contoso.azurecr.io")
        hosts: list[str] = []

        async def note(request: web.Request) -> None:
            hosts.append(request.headers["Host"])

        server.fault = note
        async with Transport(named) as transport:
            assert (await transport.request("GET", f"{server.url}/v2/")).status == 200
        assert hosts == ["contoso.azurecr.io"]


async def test_an_expired_certificate_says_so(authority: Authority) -> None:
    context = authority.server("127.0.0.1", until=LONG_AGO + datetime.timedelta(days=1))
    async with await FakeRegistry().start(context) as server:
        assert "has expired" in (await unreachable(f"{server.url}/v2/", TransportOptions(ca_file=str(authority.file)))).headline


async def test_a_missing_ca_file_says_so() -> None:
    error = await unreachable("https://127.0.0.1:1/", TransportOptions(ca_file="/nowhere/ca.pem"))
    assert "/nowhere/ca.pem" in error.headline


async def test_plain_http_where_tls_is_expected() -> None:
    async with FakeRegistry() as server:
        error = await unreachable(server.url.replace("http", "https"))
        assert "does not speak TLS" in error.headline


async def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = await unreachable(f"http://127.0.0.1:{taken.getsockname()[1]}/")
        assert "cannot be connected to" in error.headline


async def test_a_name_that_does_not_resolve() -> None:
    error = await unreachable("https://registry.invalid/v2/")
    assert "does not resolve" in error.headline


async def test_a_proxy_of_the_environment_is_used_and_no_proxy_spares(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeRegistry() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        async with Transport(TransportOptions()) as transport:
            await transport.request("GET", "http://registry.invalid/v2/")
            assert proxy.requests[0][1] == "http://registry.invalid/v2/"
            await transport.request("GET", f"{proxy.url}/v2/")
            assert proxy.requests[1][1] == "/v2/"


async def test_https_never_becomes_http(authority: Authority) -> None:
    async with FakeRegistry() as plain, await FakeRegistry().start(authority.server("127.0.0.1")) as server:

        async def down(_: web.Request) -> web.StreamResponse:
            return web.Response(status=307, headers={"Location": f"{plain.url}/x"})

        server.fault = down
        async with Transport(TransportOptions(ca_file=str(authority.file))) as transport:
            with pytest.raises(UntrustedPayload, match="from https to http"):
                await transport.request("GET", f"{server.url}/v2/", foreign_redirects=True)
        assert plain.requests == []


def test_json_that_is_not_what_is_expected() -> None:
    for body in (b"[1]", b"{", b"[" * 100_000, b"\xff"):
        with pytest.raises(UntrustedPayload):
            decode_json(body, dict[str, int], "it")


def test_the_proxy_of_the_environment_with_its_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hunter2@proxy:3128")
    monkeypatch.setenv("NO_PROXY", ".corp.example,10.0.0.1")
    proxies = Proxies()
    found = proxies.of(URL("https://registry.io/v2/"))
    assert str(found.url) == "http://proxy:3128"
    assert (found.connecting, found.forwarded) == ({"Proxy-Authorization": "Basic bWU6aHVudGVyMg=="}, {})
    assert proxies.of(URL("https://acr.corp.example/v2/")) == proxies.of(URL("https://10.0.0.1:6443/api")) == NO_PROXY


async def test_a_proxy_that_reads_our_requests_is_told_who_we_are(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        told.append(request.headers.get("Proxy-Authorization", ""))
        return web.Response()

    async with FakeRegistry() as proxy:
        proxy.fault = answer
        monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("://", "://me:hunter2@"))
        monkeypatch.setenv("NO_PROXY", "")
        async with Transport(TransportOptions()) as transport:
            await transport.request("GET", "http://registry.invalid/v2/")
    assert told == ["Basic bWU6aHVudGVyMg=="]


def test_a_proxy_may_be_named_without_a_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    """As curl takes it."""
    monkeypatch.setenv("HTTPS_PROXY", "proxy:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert str(Proxies().of(URL("https://registry.io/")).url) == "http://proxy:3128"


async def test_a_server_that_hangs_is_not_said_to_take_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.sources.kit.transport.CONNECT_TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as stuck:  # the system accepts, nobody speaks TLS
        port = stuck.getsockname()[1]
        async with Transport(TransportOptions()) as transport:
            with pytest.raises(Unreachable) as caught:
                await transport.request("GET", f"https://127.0.0.1:{port}/v2/")
    assert isinstance(caught.value, NoAnswer)
    assert caught.value.headline.startswith(f"127.0.0.1:{port} takes connections but does not answer")

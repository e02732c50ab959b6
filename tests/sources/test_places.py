"""Where servers may send us: never into a network that they are not in themselves, and never with a form."""

from __future__ import annotations

import pytest
from aiohttp import web
from yarl import URL

from tests.sources.registry.helpers import Entra, options
from tests.sources.registry.servers import FakeRegistry
from tui.domain.facts.asking import RegistryKind
from tui.errors import AuthenticationFailed, SourceError, UntrustedPayload
from tui.sources.kit.credentials import Login
from tui.sources.kit.throttle import Throttle
from tui.sources.kit.transport import Transport, TransportOptions
from tui.sources.registry.challenge import Challenge
from tui.sources.registry.options import RegistryOptions
from tui.sources.registry.signin import Identity
from tui.sources.registry.tokenservice import TokenService

OUTSIDE = TransportOptions(timeout=5.0, home="8.8.8.8")
NOBODY = Identity()
SOMEBODY = Identity("ops", login=Login("ops", "secret"))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
async def test_a_place_inside_is_not_entered_for_a_server_outside(host: str) -> None:
    async with FakeRegistry() as inside, Transport(OUTSIDE) as transport:
        port = URL(inside.url).port
        with pytest.raises(UntrustedPayload, match="inside a network where it is not itself") as caught:
            await transport.request("GET", f"http://{host}:{port}/token", wary=True)
        assert "token_hosts" in caught.value.remedy
        assert not inside.requests


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "169.254.169.254", "168.63.129.16", "[64:ff9b:1::a00:1]", "[::10.0.0.1]", "0.0.0.0"]
)
async def test_addresses_of_other_networks_are_refused_before_anything_is_sent(address: str) -> None:
    async with Transport(TransportOptions(timeout=5.0, home="127.0.0.1")) as transport:
        with pytest.raises(UntrustedPayload, match="inside a network"):
            await transport.request("GET", f"http://{address}/token", wary=True)


async def test_a_server_inside_may_name_what_is_beside_it() -> None:
    async with FakeRegistry() as inside, Transport(TransportOptions(timeout=5.0, home="localhost")) as transport:
        reply = await transport.request("GET", f"{inside.url}/v2/", wary=True)
        assert reply.status == 200


async def test_content_is_not_fetched_from_inside_for_a_server_outside() -> None:
    async with FakeRegistry() as server, FakeRegistry() as inside, Transport(OUTSIDE) as transport:

        async def lead_inside(_: web.Request) -> web.StreamResponse:
            return web.Response(status=307, headers={"Location": f"http://localhost:{URL(inside.url).port}/blob"})

        server.fault = lead_inside
        with pytest.raises(UntrustedPayload, match="inside a network"):
            await transport.request("GET", f"{server.url}/v2/app/blobs/x", foreign_redirects=True)
        assert not inside.requests


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_form_stays_with_its_origin(status: int, host: str) -> None:
    async with FakeRegistry() as server, FakeRegistry() as other, Transport(TransportOptions(timeout=5.0)) as transport:
        location = f"http://{host}:{URL(other.url).port}/oauth2/token"

        async def lead_away(_: web.Request) -> web.StreamResponse:
            return web.Response(status=status, headers={"Location": location})

        server.fault = lead_away
        with pytest.raises(UntrustedPayload, match="redirects what is sent to it"):
            await transport.request("POST", f"{server.url}/oauth2/token", form={"password": "secret"})
        assert not other.requests


def service_of(host: str, **changes: object) -> TokenService:
    """The token service of a registry that is asked for nothing here."""
    base = RegistryOptions(host=host, kind=RegistryKind.OCI)
    values = {name: getattr(base, name) for name in base.__struct_fields__}
    given = RegistryOptions(**{**values, **changes})
    return TokenService(given, Transport(TransportOptions()), Throttle())


@pytest.mark.parametrize(
    ("host", "realm", "nobody", "login"),
    [
        ("registry.example.com", "https://registry.example.com/token", True, True),
        ("registry.example.com:5050", "https://registry.example.com/jwt/auth", True, True),
        ("registry.example.com", "https://example.com/token", True, True),
        ("registry.example.com", "https://gitlab.example.com/jwt/auth", True, False),
        ("registry.example.com", "https://gitlab.example.org/jwt/auth", False, False),
        ("registry.example.com", "https://registry.example.com.evil.test/token", False, False),
        ("registry.example.com", "http://registry.example.com/token", False, False),
        ("registry.example.com", "https://internal/token", False, False),
        ("lscr.io", "https://ghcr.io/token", True, False),
        ("docker.io", "https://auth.docker.io/token", True, True),
        ("evil.test", "https://auth.docker.io/token", True, False),
        ("evil.test", "https://vault.corp.test/token", False, False),
    ],
)
def test_who_may_be_told_to_sign_in_where(host: str, realm: str, nobody: bool, login: bool) -> None:
    service, challenge = service_of(host), Challenge("bearer", realm)
    for who, allowed in ((NOBODY, nobody), (SOMEBODY, login)):
        if allowed:
            assert str(service.realm(challenge, who)) == realm
        else:
            with pytest.raises(AuthenticationFailed, match=r"to another host|over plain http"):
                service.realm(challenge, who)


@pytest.mark.parametrize("named", ["gitlab.example.org", "gitlab.example.org:443"])
def test_a_host_that_the_settings_name_signs_in(named: str) -> None:
    service = service_of("registry.example.com", token_hosts=(named,))
    challenge = Challenge("bearer", "https://gitlab.example.org/jwt/auth")
    assert service.realm(challenge, SOMEBODY) == service.realm(challenge, NOBODY)


async def test_a_token_of_entra_goes_to_the_registry_itself_alone() -> None:
    entra = await Entra().token("scope")
    service = service_of("contoso.azurecr.io")
    for realm in ("https://azurecr.io/oauth2/token", "https://other.azurecr.io/oauth2/token", "https://evil.test/oauth2/token"):
        with pytest.raises(SourceError, match=r"to another host|over plain http"):
            service.realm(Challenge("bearer", realm), Identity("ops", entra=entra))
    own = Challenge("bearer", "https://contoso.azurecr.io/oauth2/token")
    assert service.realm(own, Identity("ops", entra=entra)).host == "contoso.azurecr.io"


async def test_a_challenge_that_points_inside_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeRegistry(auth="bearer") as server, FakeRegistry() as inside:
        given = options(server)
        service = TokenService(given, Transport(TransportOptions(timeout=5.0, home="8.8.8.8")), Throttle())
        monkeypatch.setattr("tui.sources.registry.tokenservice.at_home", lambda *_: False)
        with pytest.raises(UntrustedPayload, match="inside a network"):
            await service.token(Challenge("bearer"), URL(f"{inside.url}/token"), NOBODY, "", ("repository:app:pull",))
        assert not inside.requests


@pytest.mark.parametrize(
    ("base", "realm", "named", "login"),
    [
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000/token", (), True),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5001/token", (), False),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5001/token", ("127.0.0.1:5001",), True),
        ("http://127.0.0.1:5000", "https://127.0.0.1:5001/token", (), True),
        ("https://127.0.0.1:5000", "https://127.0.0.1:5001/token", (), True),
        ("https://127.0.0.1:5000", "http://127.0.0.1:5001/token", (), False),
        ("https://127.0.0.1:5000", "http://127.0.0.1:5001/token", ("127.0.0.1:5001",), False),
        ("https://127.0.0.1:5000", "http://localhost:5001/token", ("localhost",), False),
    ],
)
def test_a_sign_in_on_this_machine_is_never_led_to_plain_http(base: str, realm: str, named: tuple[str, ...], login: bool) -> None:
    service, challenge = service_of(str(URL(base).authority), endpoint=base, token_hosts=named), Challenge("bearer", realm)
    if login:
        assert str(service.realm(challenge, SOMEBODY)) == realm
    else:
        with pytest.raises(AuthenticationFailed, match=r"to another port|over plain http"):
            service.realm(challenge, SOMEBODY)
    if base.startswith("https:") and realm.startswith("http:"):
        with pytest.raises(AuthenticationFailed, match="over plain http"):
            service.realm(challenge, NOBODY)


async def test_a_token_of_entra_goes_to_no_other_port() -> None:
    who = Identity("ops", entra=await Entra().token("scope"))
    challenge = Challenge("bearer", "https://contoso.azurecr.io:8443/oauth2/token")
    with pytest.raises(AuthenticationFailed, match="to another port"):
        service_of("contoso.azurecr.io").realm(challenge, who)
    named = service_of("contoso.azurecr.io", token_hosts=("contoso.azurecr.io:8443",))
    assert named.realm(challenge, who).port == 8443


async def test_a_request_for_a_token_follows_no_redirect_to_another_port() -> None:
    async with FakeRegistry(auth="bearer") as server, FakeRegistry() as other:

        async def lead_away(_: web.Request) -> web.StreamResponse:
            return web.Response(status=307, headers={"Location": f"{other.url}/token"})

        server.fault = lead_away
        async with Transport(TransportOptions(timeout=5.0)) as transport:
            service = TokenService(options(server), transport, Throttle())
            with pytest.raises(UntrustedPayload, match="redirects what is sent to it") as caught:
                await service.token(Challenge("bearer"), URL(f"{server.url}/token"), SOMEBODY, "", ("repository:app:pull",))
        assert f"127.0.0.1:{URL(server.url).port} redirects" in caught.value.headline
        assert not other.requests


async def test_who_was_led_to_is_blamed_and_no_setting_of_who_led_there() -> None:
    async with FakeRegistry() as plain, FakeRegistry() as server, Transport(TransportOptions(timeout=5.0)) as transport:
        place = plain.url.replace("http:", "https:")

        async def lead_away(_: web.Request) -> web.StreamResponse:
            return web.Response(status=307, headers={"Location": f"{place}/blob"})

        server.fault = lead_away
        with pytest.raises(SourceError) as caught:
            await transport.request("GET", f"{server.url}/v2/app/blobs/x", foreign_redirects=True)
        assert f"127.0.0.1:{URL(plain.url).port} does not speak TLS" in caught.value.headline
        assert f"127.0.0.1:{URL(server.url).port} redirects there" in caught.value.remedy
        assert "endpoint" not in caught.value.remedy

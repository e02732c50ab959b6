"""Where servers may send us: never into a network that they are not in themselves, and never with a form."""

from __future__ import annotations

import pytest
from aiohttp import web
from yarl import URL

from tests.sources.registry.helpers import Entra, options
from tests.sources.registry.servers import FakeRegistry
from tui.errors import AuthenticationFailed, SourceError, UntrustedPayload
from tui.sources.kit.credentials import Login
from tui.sources.kit.throttle import Throttle
from tui.sources.kit.transport import Transport, TransportOptions
from tui.sources.registry.challenge import Challenge
from tui.sources.registry.options import RegistryKind, RegistryOptions
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
            with pytest.raises(AuthenticationFailed, match="to another host"):
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
        with pytest.raises(SourceError, match="to another host"):
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

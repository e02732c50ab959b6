"""How one registry is spoken to."""

from __future__ import annotations

import msgspec
from yarl import URL

from tui.domain.common.redaction import quoted
from tui.domain.facts.asking import AuthMode, RegistryKind
from tui.domain.registries.public import is_public
from tui.errors import InvalidConfig
from tui.sources.kit.addresses import is_address
from tui.sources.kit.redirects import is_loopback
from tui.sources.kit.throttle import RequestClass

__all__ = [
    "RegistryOptions",
    "at_home",
    "is_acr",
    "is_named",
    "may_ask",
    "may_hand_over",
    "names",
]

# ACR suffixes of the public cloud, China and US Government.
ACR_SUFFIXES = (".azurecr.io", ".azurecr.cn", ".azurecr.us")
DOCKER_HUB_ENDPOINT = "https://registry-1.docker.io"
# Token services that live beside their registry, under a name that no one else can take.
KNOWN_REALMS = {"docker.io": "auth.docker.io", "docker.elastic.co": "docker-auth.elastic.co"}
# Token services of public registries: what they give to nobody, everybody has. Registries under names of their own use them
# (lscr.io is served by ghcr.io).
PUBLIC_REALMS = frozenset({"auth.docker.io", "gcr.io", "ghcr.io", "gitlab.com", "public.ecr.aws", "quay.io"})
ACR_AUDIENCE = "https://containerregistry.azure.net/.default"


class RegistryOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one registry; `host` is its name as written in references.

    `endpoint` is connected to instead, under its own name: URL, `Host` and certificate are those of the endpoint (a mirror,
    a test server). With `server_name` too, TLS and `Host` use that name (a private endpoint by address). URLs of the registry
    itself in challenges and links are led to the endpoint as well. `refresh`: seconds between looks at running tags.
    When it has said nothing for `pulse` seconds it is asked whether it is there, and must say so within `pulse_timeout`.
    `requests_per_minute`: own budget per class. `token_hosts`: further hosts that may see the credentials of this registry.
    `rest_limit`: how many manifests beyond what runs are read at most. `reads_all`: the operator asks for all of it, so that it
    is a fault when its repositories cannot be listed. `named_by_operator`: the operator names it, so that it is signed in to.
    `once`: for a command that ends when it has its answer; nothing is looked at again, and the registry is walked through only
    on demand.
    """

    host: str
    kind: RegistryKind = RegistryKind.AUTO
    endpoint: str | None = None
    server_name: str = ""
    ca_file: str = ""
    auth: AuthMode = AuthMode.AUTO
    username: str = ""
    password: str = ""
    request_timeout: float = 60.0
    refresh: float = 15.0
    pulse: float = 6.0
    pulse_timeout: float = 6.0
    azure: bool = True
    requests_per_minute: dict[RequestClass, float] = {}
    concurrency: int = 12
    catalog: bool = True
    reads_all: bool = False
    named_by_operator: bool = False
    token_hosts: tuple[str, ...] = ()
    audience: str = ACR_AUDIENCE
    rest_limit: int = 20_000
    once: bool = False

    def __repr__(self) -> str:
        endpoint = quoted(self.endpoint, 120) if self.endpoint is not None else None
        return f"RegistryOptions(host={self.host!r}, kind={self.kind.value!r}, endpoint={endpoint!r}, auth={self.auth.value!r})"

    __str__ = __repr__

    @property
    def acr(self) -> bool:
        """Whether it is spoken to as an Azure Container Registry."""
        return self.kind is RegistryKind.ACR or (self.kind is RegistryKind.AUTO and is_acr(self.host))

    @property
    def base(self) -> URL:
        """Where to connect: scheme, host and port. Raises InvalidConfig."""
        if self.endpoint is None:
            text = DOCKER_HUB_ENDPOINT if self.host == "docker.io" else f"https://{self.host}"
        else:
            text = self.endpoint if "://" in self.endpoint else f"https://{self.endpoint}"
        try:
            url = URL(text).origin()
            usable = (
                url.scheme in ("http", "https") and bool(url.host) and (":" not in (url.host or "") or is_address(url.host or ""))
            )
        except ValueError as error:
            raise _no_address(text) from error
        if not usable:
            raise _no_address(text)
        return url

    def route(self, url: URL) -> URL:
        """The same URL, led to the endpoint when it names the registry itself."""
        if self.endpoint is not None and names(url, self.host):
            base = self.base
            return url.with_scheme(base.scheme).with_host(base.host or "").with_port(base.port)
        return url

    @property
    def surveyed(self) -> bool:
        """Whether the whole registry is walked through, not only what runs."""
        return self.catalog and not is_public(self.host)


def _no_address(text: str) -> InvalidConfig:
    return InvalidConfig(
        f"“{quoted(text, 120)}” is not the address of a registry.", "Write it as https://host or https://host:port."
    )


def names(url: URL, host: str) -> bool:
    """Whether a URL is on the registry `host`, written with its port if that is not the usual one."""
    own = URL(f"{url.scheme}://{host}")
    return (url.host, url.port) == (own.host, own.port)


def is_acr(host: str) -> bool:
    """Whether a host name is one of Azure Container Registry's."""
    return host.lower().endswith(ACR_SUFFIXES)


def may_hand_over(options: RegistryOptions, realm: URL) -> bool:
    """Whether credentials of a registry may go to the token service that its challenge names.

    Yes for the registry's host and its endpoint's, at any port (GitLab's own registry is at 5050 of the host that signs in), a
    host configured in `token_hosts`, a known token service, and the domain that the registry is directly under
    (registry.gitlab.com -> gitlab.com); over https, by which the host proves its name. Over plain http, where any program of
    this machine may listen at another port, only where a place on this machine is named.
    """
    if realm.scheme != "https":
        return realm.scheme == "http" and is_loopback(realm.host) and is_named(options, realm)
    host, parent = realm.host or "", _parent(options)
    return at_home(options, realm) or host == KNOWN_REALMS.get(options.host) or ("." in parent and host == parent)


def at_home(options: RegistryOptions, realm: URL) -> bool:
    """Whether a token service is on the registry's own host, its endpoint, or one that the operator names for it."""
    host = realm.host or ""
    return is_named(options, realm) or host in (URL(f"//{options.host}").host, options.base.host)


def is_named(options: RegistryOptions, realm: URL) -> bool:
    """Whether the operator names a token service in `token_hosts`, by its host or by host and port."""
    host = realm.host or ""
    return bool({host, f"{host}:{realm.port}"} & set(options.token_hosts))


def may_ask(options: RegistryOptions, realm: URL) -> bool:
    """Whether nobody's token of another host may be asked for: whatever it is good for, the registry gets to see it.

    Yes where everybody could have it, and in the registry's own domain (registry.example.com, gitlab.example.com).
    """
    host, parent = realm.host or "", _parent(options)
    return realm.scheme == "https" and (host in PUBLIC_REALMS or ("." in parent and host.endswith(f".{parent}")))


def _parent(options: RegistryOptions) -> str:
    return (URL(f"//{options.host}").host or "").partition(".")[2]

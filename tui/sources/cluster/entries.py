"""The entries of one kubeconfig context, read by the types that client-go gives them; what is not understood is kept to be said.

Source: k8s.io/client-go tools/clientcmd/api/v1 (types), tools/clientcmd (validation.go, client_config.go, overrides) and
transport (round_trippers.go, token_source.go).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

import msgspec

from tui.domain.common.text import clean, first_few
from tui.errors import AuthenticationFailed, InvalidConfig
from tui.private_files import NO_REGULAR, read_regular

__all__ = [
    "ClusterEntry",
    "UserEntry",
    "check_server",
    "impersonation",
    "is_this_machine",
    "read_cluster",
    "read_user",
    "token_of",
    "unknown_keys",
]

_PROXIES = ("http", "https", "socks5", "socks5h")
_CONTEXT = frozenset({"cluster", "user", "namespace", "extensions"})
# Letters, digits and the marks of RFC 9110's `token`, without `%`, which escapes (client-go: legalHeaderByte).
_LEGAL = frozenset("!#$&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_MAX_TOKEN = 1024 * 1024
_FETCH = "Correct the kubeconfig, or fetch it again."


class ClusterEntry(msgspec.Struct, frozen=True, rename="kebab"):
    """`clusters[].cluster`."""

    server: str = ""
    tls_server_name: str = ""
    insecure_skip_tls_verify: bool = False
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    proxy_url: str = ""
    disable_compression: bool = False
    extensions: object = None


class UserEntry(msgspec.Struct, frozen=True, rename="kebab"):
    """`users[].user`."""

    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    token: str = ""
    token_file: str = msgspec.field(default="", name="tokenFile")
    impersonate: str = msgspec.field(default="", name="as")
    as_uid: str = ""
    as_groups: tuple[str, ...] = ()
    as_user_extra: dict[str, tuple[str, ...]] = {}
    username: str = ""
    password: str = ""
    auth_provider: dict[str, object] = {}
    exec: dict[str, object] = {}
    extensions: object = None

    def __repr__(self) -> str:
        return "UserEntry(...)"  # it holds credentials

    @property
    def has_own_credential(self) -> bool:
        """Whether a credential is written here: then kubectl does not run the plugin (client-go: exec.UpdateTransportConfig)."""
        pair = (self.client_certificate or self.client_certificate_data) and (self.client_key or self.client_key_data)
        return bool(self.token or self.token_file or self.username or pair)


_Entry = TypeVar("_Entry", ClusterEntry, UserEntry)


def read_cluster(body: Mapping[str, object], context: str) -> ClusterEntry:
    """The cluster's entry. Raises InvalidConfig where kubectl refuses it too."""
    entry = _read(body, ClusterEntry, f"cluster of the context '{clean(context, 60)}'")
    _refuse_both("certificate-authority", entry.certificate_authority, entry.certificate_authority_data)
    if entry.insecure_skip_tls_verify and (entry.certificate_authority or entry.certificate_authority_data):
        raise InvalidConfig(
            "The kubeconfig names a certificate authority and says insecure-skip-tls-verify, which exclude each other.",
            "Remove insecure-skip-tls-verify, so that the certificate is verified.",
        )
    return entry


def read_user(body: Mapping[str, object], context: str) -> UserEntry:
    """The user's entry. Raises InvalidConfig where kubectl refuses it too."""
    entry = _read(body, UserEntry, f"user of the context '{clean(context, 60)}'")
    if not entry.impersonate and (entry.as_uid or entry.as_groups or entry.as_user_extra):
        raise InvalidConfig(
            "The kubeconfig's user has as-uid, as-groups or as-user-extra, but not 'as': nobody is impersonated.",
            "Name whom to impersonate with 'as', or remove the other keys.",
        )
    if entry.token and entry.username:
        raise InvalidConfig(
            "The kubeconfig's user has a token and a username: only one way to sign in is allowed.", "Remove one of them."
        )
    _refuse_both("client-certificate", entry.client_certificate, entry.client_certificate_data)
    if entry.client_certificate or entry.client_certificate_data:
        _refuse_both("client-key", entry.client_key, entry.client_key_data)
    return entry


def _refuse_both(key: str, file: str, data: str) -> None:
    """kubectl refuses a file beside what is written down, also where the file is there (client-go clientcmd/validation.go)."""
    if file and data:
        raise InvalidConfig(
            f"The kubeconfig has both {key} and {key}-data: which one is meant is not known, and kubectl refuses it.",
            "Remove one of them from the kubeconfig.",
        )


def check_server(cluster: ClusterEntry, context: str, name: str) -> None:
    """Raises InvalidConfig for an address that cannot be used, or would give the credential to everybody on the way."""
    try:
        address = urlsplit(cluster.server)
        host, usable = address.hostname or "", address.scheme in ("https", "http") and (address.port or 1) > 0
    except ValueError:
        host, usable = "", False
    if not host or not usable:
        raise InvalidConfig(
            f"The context '{clean(context, 60)}' names the cluster '{clean(name, 60) or '(none)'}', "
            "which has no usable server address.",
            "Fetch the kubeconfig again.",
        )
    proxy = _check_proxy(cluster.proxy_url)
    plain = address.scheme == "http"
    if plain and not (is_this_machine(host) and (proxy is None or is_this_machine(proxy.hostname or ""))):
        where = clean(address.netloc.rpartition("@")[2], 80)
        raise InvalidConfig(
            f"The API server {where} would be reached over plain http: anyone on the network path could read the credential "
            "and change the answers.",
            "Write https in 'server', or bring it to this machine (kubectl proxy, ssh -L) and name http://127.0.0.1:PORT.",
        )


def _check_proxy(text: str) -> SplitResult | None:
    """The proxy that the kubeconfig names. Raises InvalidConfig for a kind that kubectl does not know either."""
    if not text:
        return None
    try:
        proxy = urlsplit(text)
        is_usable = proxy.scheme in _PROXIES and bool(proxy.hostname) and (proxy.port or 1) > 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise InvalidConfig(
            "The kubeconfig's proxy-url is not the address of a proxy that can be used.",
            "Write it as http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT (for ssh -D).",
        )
    return proxy


def unknown_keys(context: Mapping[str, object], cluster: Mapping[str, object], user: Mapping[str, object]) -> Iterator[str]:
    """Sentences on keys that have no meaning here: kubectl passes over them too, but nobody is to rely on them."""
    known_cluster = frozenset(field.encode_name for field in msgspec.structs.fields(ClusterEntry))
    known_user = frozenset(field.encode_name for field in msgspec.structs.fields(UserEntry))
    for section, body, understood in (
        ("context", context, _CONTEXT),
        ("cluster", cluster, known_cluster),
        ("user", user, known_user),
    ):
        names = [clean(str(key), 60) for key in body if key not in understood]
        if names:
            yield f"The kubeconfig's {section} has keys that are not understood and not used: {first_few(names, 5)}."


def impersonation(user: UserEntry) -> tuple[tuple[str, str], ...]:
    """The headers by which kubectl asks to act as somebody else. Raises InvalidConfig."""
    if not user.impersonate:
        return ()
    headers = [("Impersonate-User", user.impersonate)]
    headers += [("Impersonate-Uid", user.as_uid)] if user.as_uid else []
    headers += [("Impersonate-Group", group) for group in user.as_groups]
    headers += [(f"Impersonate-Extra-{_escaped(key)}", value) for key, values in user.as_user_extra.items() for value in values]
    if any(ord(character) < 32 or ord(character) == 127 for _, value in headers for character in value):
        raise InvalidConfig("The kubeconfig impersonates a name that holds control characters.", _FETCH)
    return tuple(headers)


def _escaped(key: str) -> str:
    """The key of an extra as a part of a header's name (client-go: headerKeyEscape)."""
    return "".join(chr(byte) if chr(byte) in _LEGAL else f"%{byte:02X}" for byte in key.encode("utf-8", "replace"))


def token_of(user: UserEntry) -> str:
    """The token: the file's, while it can be read, else the one written down. Raises AuthenticationFailed. Reads a file."""
    if not user.token_file:
        return user.token
    odd = False
    try:
        content = read_regular(user.token_file, _MAX_TOKEN).decode().strip()
    except (OSError, ValueError) as error:
        content = ""
        odd = isinstance(error, OSError) and error.strerror == NO_REGULAR
    if not content and not user.token:
        why = "is not a regular file" if odd else "is empty or cannot be read"
        raise AuthenticationFailed(
            f"The token file {clean(user.token_file, 200)} of the kubeconfig {why}.",
            "Check the path and its permissions, or sign in again.",
        )
    return content or user.token


def _read(body: Mapping[str, object], shape: type[_Entry], section: str) -> _Entry:
    # Go takes null for the zero value; an empty text is one as well.
    fields = {key: value for key, value in body.items() if value is not None and isinstance(key, str)}
    try:
        return msgspec.convert(fields, shape)
    except msgspec.ValidationError as error:
        raise InvalidConfig(f"The {section} cannot be used: {clean(str(error), 160)}.", _FETCH) from error


def is_this_machine(host: str) -> bool:
    """Whether a host of a URL is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

"""From a kubeconfig context to what a request needs: address, TLS, credentials, proxy."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from tui.domain.common.decoding import from_json
from tui.domain.common.text import clean
from tui.errors import AuthenticationFailed, InvalidConfig
from tui.private_files import read_regular
from tui.sources.cluster.certificates import Certificates, read_certificates
from tui.sources.cluster.entries import (
    ClusterEntry,
    UserEntry,
    check_server,
    impersonation,
    read_cluster,
    read_user,
    token_of,
    unknown_keys,
)
from tui.sources.cluster.execplugin import ExecCredential, read_plugin
from tui.sources.cluster.kubeconfig import Kubeconfig, default_paths, read_kubeconfig
from tui.sources.cluster.managed import managed_context, minted
from tui.sources.cluster.options import ClusterOptions
from tui.sources.cluster.pluginruns import shared_run
from tui.sources.resource_ports import ManagedCluster

__all__ = ["Access", "ClusterContext", "find_place", "open_access"]

_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
# A token is renewed this long before it ends, so that no request is under way with a dead one.
_SKEW = timedelta(seconds=10)
_MAX_TEXT = 1 << 20
# A token file is read again after a minute, as client-go does (transport.NewCachedFileTokenSource).
_TOKEN_FILE = timedelta(minutes=1) + _SKEW
_GONE_PROVIDERS = {
    "azure": "kubelogin convert-kubeconfig -l azurecli turns it into an exec plugin.",
    "gcp": "Install gke-gcloud-auth-plugin and fetch the kubeconfig again.",
}


class ClusterContext(msgspec.Struct, frozen=True):
    """A context to connect to: what it is called, its default namespace, and the kubeconfig (None inside a pod).

    Of a `managed` cluster the kubeconfig is asked for when it is connected to.
    """

    context: str
    namespace: str
    kubeconfig: Kubeconfig | None = None
    managed: ManagedCluster | None = None


class Access(msgspec.Struct, frozen=True):
    """How to talk to one API server; `authorization` is the header's value, empty with a client certificate.

    `impersonating` are the headers that ask to act as somebody else, `remarks` what an operator should know of the entries.
    `fingerprint` changes when the address or the certificates do, so that connections must be made anew.
    """

    server: str
    tls: ssl.SSLContext | None
    authorization: str = ""
    server_hostname: str = ""
    proxy: str = ""
    expires: datetime | None = None
    fingerprint: str = ""
    impersonating: tuple[tuple[str, str], ...] = ()
    compressed: bool = True
    remarks: tuple[str, ...] = ()
    place: str = ""

    def __repr__(self) -> str:
        return f"Access(server={self.server!r})"

    def stale(self, now: datetime) -> bool:
        """True when the credential ends, or is about to."""
        return self.expires is not None and now + _SKEW >= self.expires


def find_place(options: ClusterOptions) -> ClusterContext:
    """The context that the options mean. Raises InvalidConfig and UsageError. Reads files: not for the event loop."""
    if options.managed is not None:
        return ClusterContext(options.name or options.context, "default", managed=options.managed)
    inside = "KUBERNETES_SERVICE_HOST" in os.environ and (_SERVICE_ACCOUNT / "token").exists()
    paths = options.paths or default_paths()
    if inside and not options.context and not any(path.exists() for path in paths):
        return ClusterContext(options.name or "in-cluster", _read_text(_SERVICE_ACCOUNT / "namespace") or "default")
    kubeconfig = read_kubeconfig(paths)
    context = kubeconfig.choose(options.context)
    namespace = kubeconfig.entry("contexts", context).get("namespace")
    return ClusterContext(context, namespace if isinstance(namespace, str) and namespace else "default", kubeconfig)


async def open_access(place: ClusterContext, options: ClusterOptions) -> Access:
    """Everything a request to this place needs, with a fresh credential. Raises InvalidConfig and AuthenticationFailed.

    Of a managed cluster also what its cloud refuses: SourceError.
    """
    if place.managed is not None:
        kubeconfig, context_name = await managed_context(place.managed)
        place = msgspec.structs.replace(place, context=context_name, kubeconfig=kubeconfig)
    if place.kubeconfig is None:
        return _inside_access()
    context = place.kubeconfig.entry("contexts", place.context)
    user = place.kubeconfig.entry("users", _text(context.get("user")))
    cluster = place.kubeconfig.entry("clusters", _text(context.get("cluster")))
    target, person = read_cluster(cluster, place.context), read_user(user, place.context)
    check_server(target, place.context, _text(context.get("cluster")))
    _check_provider(person.auth_provider)
    token = await asyncio.to_thread(token_of, person)
    credential = None
    if person.exec and not person.has_own_credential:
        plugin = read_plugin(person.exec)
        if place.managed is not None:
            credential = await minted(place.managed, plugin)
        else:
            credential = await shared_run(plugin, cluster, options.exec_timeout)
    certificates = await asyncio.to_thread(_certificates, place.context, target, person, credential)
    # Reading the system's CAs takes long enough to be felt.
    access = await asyncio.to_thread(_resolve, place.context, target, _authorization(person, token, credential), certificates)
    expires = credential.expiration_timestamp if credential else None
    return msgspec.structs.replace(
        access,
        expires=expires or (datetime.now(UTC) + _TOKEN_FILE if person.token_file else None),
        impersonating=impersonation(person),
        compressed=not target.disable_compression,
        remarks=(*_warnings(target, person), *unknown_keys(context, cluster, user)),
    )


def _warnings(cluster: ClusterEntry, user: UserEntry) -> Iterator[str]:
    if cluster.insecure_skip_tls_verify:
        yield "Its certificate is not verified (insecure-skip-tls-verify): anyone on the network path can change what it says."
    if user.impersonate:
        yield f"It is read as '{clean(user.impersonate, 80)}' (the kubeconfig's 'as')."


def _check_provider(provider: Mapping[str, object]) -> None:
    name = _text(provider.get("name"))
    if name in _GONE_PROVIDERS:
        raise InvalidConfig(
            f"The kubeconfig signs in with the auth-provider '{name}', which Kubernetes has removed.", _GONE_PROVIDERS[name]
        )
    if name == "oidc":
        _check_oidc(provider)
    elif name:
        raise InvalidConfig(f"The kubeconfig signs in with the unknown auth-provider '{clean(name, 40)}'.", "Use an exec plugin.")


def _check_oidc(provider: Mapping[str, object]) -> None:
    token = _id_token(provider)
    expires = _jwt_expiry(token)
    # An id-token is not renewed here; one that ends within five minutes would not last.
    if not token or (expires is not None and expires <= datetime.now(UTC) + timedelta(minutes=5)):
        raise AuthenticationFailed(
            "The oidc id-token in the kubeconfig has expired.", "Sign in again, or use an exec plugin such as kubelogin."
        )


def _id_token(provider: Mapping[str, object]) -> str:
    config = provider.get("config")
    return _text(config.get("id-token")) if isinstance(config, dict) else ""


class _JwtClaims(msgspec.Struct):
    exp: int | float | None = None


def _jwt_expiry(token: str) -> datetime | None:
    parts = token.split(".")
    if len(parts) != 3:
        return datetime.fromtimestamp(0, UTC)
    try:
        claims = from_json(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)), _JwtClaims)
        return datetime.fromtimestamp(claims.exp, UTC) if claims.exp is not None else None
    except (ValueError, OverflowError, OSError, msgspec.MsgspecError):
        return datetime.fromtimestamp(0, UTC)


def _resolve(context: str, cluster: ClusterEntry, authorization: str, certificates: Certificates) -> Access:
    """What a request needs of the entries. Raises InvalidConfig. Reads the system's CAs: not for the event loop."""
    server = cluster.server.rstrip("/")
    verify = not cluster.insecure_skip_tls_verify
    try:
        tls = certificates.context(verify=verify) if _encrypted(server) else None
    except (ssl.SSLError, OSError, ValueError) as error:
        raise _unreadable(context) from error
    # The same for all who mean the same server by the same way: tunnels of several clusters may share an address.
    place = (server, cluster.tls_server_name or "-", cluster.proxy_url or "-", certificates.authority_id)
    return Access(
        server=server,
        tls=tls,
        authorization=_header(authorization),
        server_hostname=cluster.tls_server_name,
        proxy=cluster.proxy_url,
        place=" ".join(place),
        fingerprint=hashlib.sha256(repr((place, verify, certificates.fingerprint)).encode()).hexdigest(),
    )


def _certificates(context: str, cluster: ClusterEntry, user: UserEntry, credential: ExecCredential | None) -> Certificates:
    """Those of the entries, none where nothing is encrypted. Raises InvalidConfig. Reads files."""
    if not _encrypted(cluster.server):
        return Certificates()
    try:
        return read_certificates(cluster, user, credential)
    except ValueError as error:
        raise _unreadable(context) from error


def _encrypted(server: str) -> bool:
    return urlsplit(server).scheme == "https"


def _unreadable(context: str) -> InvalidConfig:
    headline = f"The certificates or credentials of the context '{clean(context, 60)}' cannot be read."
    return InvalidConfig(headline, "Fetch the kubeconfig again.")


def _authorization(user: UserEntry, token: str, credential: ExecCredential | None) -> str:
    """The header's value: a plugin's token, else the provider's, else the token that counts, else name and password."""
    if credential is not None and credential.token:
        return f"Bearer {credential.token}"
    if user.auth_provider:
        return f"Bearer {_id_token(user.auth_provider)}"
    if token:
        return f"Bearer {token}"
    if user.username:
        return "Basic " + base64.b64encode(f"{user.username}:{user.password}".encode()).decode()
    return ""


def _inside_access() -> Access:
    """Inside a pod: the service account's token and CA (kubernetes.io/docs/tasks/run-application/access-api-from-pod)."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    try:
        tls = Certificates(read_regular(_SERVICE_ACCOUNT / "ca.crt", _MAX_TEXT)).context(verify=True)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise InvalidConfig(
            "The service account's certificate of the cluster cannot be read.", "Mount the service account, or name a kubeconfig."
        ) from error
    name = f"[{host}]" if ":" in host else host
    # The kubelet renews the file; it is read again before half of the shortest life (10 minutes) has passed.
    renew = datetime.now(UTC) + timedelta(minutes=5)
    return Access(f"https://{name}:{port}", tls, _header("Bearer " + _read_text(_SERVICE_ACCOUNT / "token")), expires=renew)


def _header(value: str) -> str:
    stripped = value.strip()
    if any(ord(character) < 32 or ord(character) > 126 for character in stripped):
        raise AuthenticationFailed(
            "The token of the kubeconfig holds characters that no token has.", "Fetch the kubeconfig again."
        )
    return stripped


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _read_text(path: Path) -> str:
    try:
        return read_regular(path, _MAX_TEXT).decode().strip()
    except (OSError, UnicodeDecodeError):
        return ""

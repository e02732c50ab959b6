"""From a kubeconfig context to what a request needs: address, TLS, credentials, proxy.

The kubernetes package resolves the entries (inline data and files, tokens, basic auth, proxies).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import ssl
import tempfile
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from tui.domain.common.decoding import from_json
from tui.domain.common.text import clean
from tui.errors import AuthenticationFailed, InvalidConfig
from tui.private_files import check_regular, read_regular
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
from tui.sources.cluster.lean import kubeconfig_module
from tui.sources.cluster.options import ClusterOptions
from tui.sources.cluster.pluginruns import shared_run

__all__ = ["Access", "ClusterContext", "find_place", "open_access"]

_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
# A token is renewed this long before it ends, so that no request is under way with a dead one.
_SKEW = timedelta(seconds=10)
_MAX_TEXT = 1 << 20
_CERTIFICATES = ("certificate-authority", "client-certificate", "client-key")
# A token file is read again after a minute, as client-go does (transport.NewCachedFileTokenSource).
_TOKEN_FILE = timedelta(minutes=1) + _SKEW
# The loader keeps the files that it writes in a table of its module; contexts are resolved one at a time.
_resolving = threading.Lock()
_GONE_PROVIDERS = {
    "azure": "kubelogin convert-kubeconfig -l azurecli turns it into an exec plugin.",
    "gcp": "Install gke-gcloud-auth-plugin and fetch the kubeconfig anew.",
}


class ClusterContext(msgspec.Struct, frozen=True):
    """A context to connect to: what it is called, its default namespace, and the kubeconfig (None inside a pod)."""

    context: str
    namespace: str
    kubeconfig: Kubeconfig | None = None


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
    inside = "KUBERNETES_SERVICE_HOST" in os.environ and (_SERVICE_ACCOUNT / "token").exists()
    paths = options.paths or default_paths()
    if inside and not options.context and not any(path.exists() for path in paths):
        return ClusterContext(options.name or "in-cluster", _read_text(_SERVICE_ACCOUNT / "namespace") or "default")
    kubeconfig = read_kubeconfig(paths)
    context = kubeconfig.choose(options.context)
    namespace = kubeconfig.entry("contexts", context).get("namespace")
    return ClusterContext(context, namespace if isinstance(namespace, str) and namespace else "default", kubeconfig)


async def open_access(place: ClusterContext, options: ClusterOptions) -> Access:
    """Everything a request to this place needs, with a fresh credential. Raises InvalidConfig and AuthenticationFailed."""
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
        credential = await shared_run(read_plugin(person.exec), cluster, options.exec_timeout)
    # Loading the package, the certificates and the system's CAs would hold the event loop for a quarter of a second.
    access = await asyncio.to_thread(_resolve, place.context, _told(target), _told(person) | _signing(person, token), credential)
    return msgspec.structs.replace(
        access,
        expires=access.expires or (datetime.now(UTC) + _TOKEN_FILE if person.token_file else None),
        impersonating=impersonation(person),
        compressed=not target.disable_compression,
        remarks=(*_warnings(target, person), *unknown_keys(context, cluster, user)),
    )


def _told(entry: ClusterEntry | UserEntry) -> dict[str, object]:
    """What an entry says; what is empty is not said, as the package takes an empty text for a value."""
    return {key: value for key, value in msgspec.to_builtins(entry).items() if value and key != "exec"}


def _signing(user: UserEntry, token: str) -> dict[str, object]:
    """The one token that counts, and the password that may be empty."""
    signing: dict[str, object] = {"token": token} if token else {}
    return signing | ({"password": user.password} if user.username else {})


def _warnings(cluster: ClusterEntry, user: UserEntry) -> Iterator[str]:
    if cluster.insecure_skip_tls_verify:
        yield "Its certificate is not verified (insecure-skip-tls-verify): whoever is on the way can change what it says."
    if user.impersonate:
        yield f"It is read as '{clean(user.impersonate, 80)}' (the kubeconfig's 'as')."


def _check_provider(provider: Mapping[str, object]) -> None:
    name = _text(provider.get("name"))
    if name in _GONE_PROVIDERS:
        raise InvalidConfig(
            f"The kubeconfig signs in by auth-provider '{name}', which Kubernetes has removed.", _GONE_PROVIDERS[name]
        )
    if name == "oidc":
        _check_oidc(provider)
    elif name:
        raise InvalidConfig(f"The kubeconfig signs in by the unknown auth-provider '{clean(name, 40)}'.", "Use an exec plugin.")


def _check_oidc(provider: Mapping[str, object]) -> None:
    # The package would renew an id-token over TLS that it does not verify; an expired one is renewed by other means.
    config = provider.get("config")
    token = _text(config.get("id-token")) if isinstance(config, dict) else ""
    expires = _jwt_expiry(token)
    # The package refreshes by itself from five minutes before the end.
    if not token or (expires is not None and expires <= datetime.now(UTC) + timedelta(minutes=5)):
        raise AuthenticationFailed(
            "The oidc id-token in the kubeconfig has expired.", "Sign in again, or use an exec plugin such as kubelogin."
        )


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


def _resolve(context: str, cluster: dict[str, object], user: dict[str, object], credential: ExecCredential | None) -> Access:
    _check_files(cluster, user)
    package = kubeconfig_module()
    settings = package.Configuration()
    try:
        with _resolving, tempfile.TemporaryDirectory(prefix="trustree-") as folder:
            try:
                loader = package.KubeConfigLoader(
                    _document(context, cluster, user), active_context=context, temp_file_path=folder
                )
                # What it would wait for, plugins and renewals, was done or refused before.
                asyncio.run(loader.load_and_set(settings))
                if credential and credential.client_certificate_data:
                    settings.cert_file, settings.key_file = _write_pair(Path(folder), credential)
                tls = _tls(settings) if settings.host.startswith("https://") else None
                fingerprint, where = _fingerprint(settings), _server_id(settings)
            finally:
                # The loader remembers the files that it wrote, which end with this folder.
                package._cleanup_temp_files()
    except package.ConfigException as error:
        raise InvalidConfig(
            f"The context '{clean(context, 60)}' cannot be used: {clean(str(error), 160)}.", "Correct the kubeconfig."
        ) from error
    except (ssl.SSLError, OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        headline = f"The certificates or credentials of the context '{clean(context, 60)}' cannot be read."
        raise InvalidConfig(headline, "Fetch the kubeconfig anew.") from error
    token = f"Bearer {credential.token}" if credential and credential.token else settings.api_key.get("BearerToken", "")
    return Access(
        server=settings.host,
        tls=tls,
        authorization=_header(token),
        server_hostname=settings.tls_server_name or "",
        proxy=settings.proxy or "",
        place=where,
        expires=credential.expiration_timestamp if credential else None,
        fingerprint=fingerprint,
    )


def _check_files(*entries: dict[str, object]) -> None:
    """Raise InvalidConfig for a file of an entry that nobody could read to its end; what is written down counts before it."""
    for entry in entries:
        for key in _CERTIFICATES:
            path = _text(entry.get(key))
            if not path or entry.get(f"{key}-data") or not os.path.exists(path):
                continue  # of one that is not there the package says so
            try:
                check_regular(path)
            except OSError as error:
                headline = f"The {key} {clean(path, 200)} of the kubeconfig cannot be read: {error.strerror}."
                raise InvalidConfig(headline, "Correct the kubeconfig.") from error


def _document(context: str, cluster: dict[str, object], user: dict[str, object]) -> dict[str, object]:
    """A kubeconfig of this one context; its plugin has run already."""
    entries = {"contexts": ("context", {"cluster": "c", "user": "u"}, context), "clusters": ("cluster", cluster, "c")}
    entries["users"] = ("user", user, "u")
    return {section: [{"name": name, key: value}] for section, (key, value, name) in entries.items()}


def _server_id(settings: Any) -> str:
    """The same for all who mean the same server by the same way: tunnels of several clusters may share an address."""
    authority = hashlib.sha256(Path(settings.ssl_ca_cert).read_bytes() if settings.ssl_ca_cert else b"").hexdigest()
    return " ".join((settings.host, settings.tls_server_name or "-", settings.proxy or "-", authority))


def _fingerprint(settings: Any) -> str:
    digest = hashlib.sha256(f"{settings.host} {settings.verify_ssl} {settings.proxy}".encode())
    for name in (settings.ssl_ca_cert, settings.cert_file, settings.key_file):
        digest.update(Path(name).read_bytes() if name else b"-")
    return digest.hexdigest()


def _tls(settings: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.ssl_ca_cert or None)
    if settings.cert_file:
        # An encrypted key would ask for its pass phrase on the terminal.
        context.load_cert_chain(settings.cert_file, settings.key_file, password=lambda: "")
    if not settings.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    # Cluster CAs are often made without key identifiers; kubectl accepts them, Python's strict mode (3.13) does not.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _write_pair(folder: Path, credential: ExecCredential) -> tuple[str, str]:
    certificate, key = folder / "client.crt", folder / "client.key"
    certificate.write_text(credential.client_certificate_data)
    key.write_text(credential.client_key_data)
    return str(certificate), str(key)


def _inside_access() -> Access:
    """Inside a pod: the service account's token and CA (kubernetes.io/docs/tasks/run-application/access-api-from-pod)."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    tls = ssl.create_default_context(cafile=str(_SERVICE_ACCOUNT / "ca.crt"))
    tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
    name = f"[{host}]" if ":" in host else host
    # The kubelet renews the file; it is read again before half of the shortest life (10 minutes) has passed.
    renew = datetime.now(UTC) + timedelta(minutes=5)
    return Access(f"https://{name}:{port}", tls, _header("Bearer " + _read_text(_SERVICE_ACCOUNT / "token")), expires=renew)


def _header(value: str) -> str:
    stripped = value.strip()
    if any(ord(character) < 32 or ord(character) > 126 for character in stripped):
        raise AuthenticationFailed(
            "The token of the kubeconfig holds characters that no token has.", "Fetch the kubeconfig anew."
        )
    return stripped


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _read_text(path: Path) -> str:
    try:
        return read_regular(path, _MAX_TEXT).decode().strip()
    except (OSError, UnicodeDecodeError):
        return ""

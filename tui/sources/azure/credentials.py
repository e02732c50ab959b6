"""Sign-in to Entra ID by azure-identity: an explicit, short chain instead of DefaultAzureCredential.

DefaultAzureCredential takes some 25 s to fall through where there is no metadata service (azure-sdk-for-net#62761). Here a member
is tried only where its environment says so, each with its own time limit; nothing ever opens a browser or asks a question.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import shutil
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING

import msgspec

from tui.domain.common.decoding import from_json
from tui.domain.common.redaction import quoted
from tui.domain.common.text import clean
from tui.errors import AuthenticationFailed
from tui.packages import load_package
from tui.sources.kit.clouds import CLOUDS, cloud_of_cli, cloud_of_sign_in
from tui.sources.kit.credentials import EntraToken
from tui.sources.kit.requestlog import reason

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

__all__ = ["CredentialMember", "EntraCredentials", "choose"]

_log = logging.getLogger(__name__)
RENEW_BEFORE = 300.0
# `az account get-access-token` takes 11 to 13 s on slow machines (azure-cli#20404), the library's own limit is 10 s.
AZ_TIMEOUT = 30.0
DIRECTORY_TIMEOUT = 20.0
METADATA_TIMEOUT = 3.0
REMEMBERED = 60.0
"""Seconds for which a sign-in that failed is not tried again."""
ANY_SCOPE = ""
PUBLIC_AUTHORITIES = frozenset({"login.microsoftonline.com", "login.chinacloudapi.cn", "login.microsoftonline.us"})


class CredentialMember(msgspec.Struct, frozen=True):
    """One way to sign in: its words for the operator, the credential class of azure-identity, its arguments and time limit."""

    label: str
    kind: str
    timeout: float
    arguments: dict[str, str | int | bool] = {}


class _Claims(msgspec.Struct):
    upn: str = ""
    unique_name: str = ""
    preferred_username: str = ""
    appid: str = ""
    oid: str = ""


def choose(environ: Mapping[str, str], find_program: Callable[[str], str | None] = shutil.which) -> tuple[CredentialMember, ...]:
    """The members worth trying, best first, as the environment says (azure-identity's own variables).

    `AZURE_TOKEN_CREDENTIALS` names one class, or `prod` (no developer tools) or `dev` (only those).
    """
    selection = environ.get("AZURE_TOKEN_CREDENTIALS", "").strip().lower()
    if selection not in ("", "prod", "dev"):
        return tuple(member for member in _every(environ) if member.kind.lower() == selection)
    members = [*_deployed(environ)] if selection != "dev" else []
    if selection != "prod" and find_program("az"):
        members.append(_az(environ))
    if selection != "dev" and not any(member.kind == "ManagedIdentityCredential" for member in members):
        members.append(_managed(environ, METADATA_TIMEOUT))
    return tuple(members)


def _every(environ: Mapping[str, str]) -> tuple[CredentialMember, ...]:
    return (_environment(environ), _workload(environ), _managed(environ, DIRECTORY_TIMEOUT), _az(environ))


def _deployed(environ: Mapping[str, str]) -> tuple[CredentialMember, ...]:
    has = {name for name, value in environ.items() if value}
    members = []
    if {"AZURE_CLIENT_ID", "AZURE_TENANT_ID"} <= has and has & {"AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH"}:
        members.append(_environment(environ))
    if {"AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE"} <= has:
        members.append(_workload(environ))
    if has & {"IDENTITY_ENDPOINT", "MSI_ENDPOINT"}:
        members.append(_managed(environ, DIRECTORY_TIMEOUT))
    return tuple(members)


def _environment(environ: Mapping[str, str]) -> CredentialMember:
    return CredentialMember(
        "service principal of AZURE_CLIENT_ID", "EnvironmentCredential", DIRECTORY_TIMEOUT, _authority(environ)
    )


def _workload(environ: Mapping[str, str]) -> CredentialMember:
    return CredentialMember("workload identity", "WorkloadIdentityCredential", DIRECTORY_TIMEOUT, _authority(environ))


def _managed(environ: Mapping[str, str], timeout: float) -> CredentialMember:
    client = environ.get("AZURE_CLIENT_ID", "")
    return CredentialMember("managed identity", "ManagedIdentityCredential", timeout, {"client_id": client} if client else {})


def _az(environ: Mapping[str, str]) -> CredentialMember:
    arguments: dict[str, str | int | bool] = {"process_timeout": int(AZ_TIMEOUT)}
    if tenant := environ.get("AZURE_TENANT_ID"):
        arguments["tenant_id"] = tenant
    return CredentialMember("az login", "AzureCliCredential", AZ_TIMEOUT + 2, arguments)


def _authority(environ: Mapping[str, str]) -> dict[str, str | int | bool]:
    # MSAL looks an unknown authority up at login.microsoftonline.com, which a closed network does not reach.
    host = environ.get("AZURE_AUTHORITY_HOST", "").split("://")[-1].strip("/").lower()
    return {"disable_instance_discovery": True} if host and host not in PUBLIC_AUTHORITIES else {}


class EntraCredentials:
    """Tokens of Entra ID, cached per scope until shortly before they expire; one member is kept once it has worked."""

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        clock: Callable[[], float],
        find_program: Callable[[str], str | None] = shutil.which,
        load: Callable[[], ModuleType] = lambda: load_package("azure.identity.aio"),
    ) -> None:
        self._environ, self._which, self._load, self._clock = environ, find_program, load, clock
        self._tokens: dict[str, EntraToken] = {}
        self._lock: asyncio.Lock | None = None
        self._chosen: CredentialMember | None = None
        self._refused: dict[str, tuple[float, AuthenticationFailed]] = {}

    async def token(self, scope: str, refused: str = "") -> EntraToken:
        """A token for the scope, another than the `refused` one if there is any.

        Raises AuthenticationFailed with what was tried, at once where it was tried a moment ago.
        """
        self._lock = self._lock or asyncio.Lock()
        async with self._lock:
            token = self._tokens.get(scope)
            if token is not None and token.value != refused and token.expires - self._clock() >= RENEW_BEFORE:
                return token
            self._recall(scope)
            # Where a member worked for something else, only this scope is refused; otherwise nobody is signed in at all.
            key = scope if self._chosen else ANY_SCOPE
            try:
                token = self._tokens[scope] = await self._fetch(scope)
            except AuthenticationFailed as error:
                self._refused[key] = (self._clock() + REMEMBERED, error)
                raise
            self._refused = {other: refusal for other, refusal in self._refused.items() if other not in (scope, ANY_SCOPE)}
            return token

    def _recall(self, scope: str) -> None:
        """Raise what was refused a moment ago: a slow `az` is waited for once, not by each that wants a token."""
        for key in (ANY_SCOPE, scope):
            until, error = self._refused.get(key, (0.0, None))
            if error is not None and self._clock() < until:
                raise AuthenticationFailed(error.headline, error.remedy)

    async def _fetch(self, scope: str) -> EntraToken:
        members = (self._chosen,) if self._chosen else choose(self._environ, self._which)
        # The import takes a few hundred milliseconds: not on the loop that paints.
        module = await asyncio.to_thread(self._load)
        reasons = []
        for member in members:
            try:
                await asyncio.to_thread(_check_cloud, member, self._environ)
                token = await _sign_in(module, member, scope)
            except AuthenticationFailed as error:
                _log.debug("Entra ID: %s", reason(error))
                reasons.append(error.headline)
                continue
            _log.debug("Entra ID: signed in by %s for %s, valid %.0f s", member.label, scope, token.expires - self._clock())
            self._chosen = member
            return token
        self._chosen = None
        raise AuthenticationFailed(
            "not signed in to Azure: " + ("; ".join([*self._untried(), *reasons]) or "no way to sign in is set up here"),
            "Run `az login`, or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET, or use a managed identity; "
            "--no-azure leaves Azure out.",
        )

    def _untried(self) -> list[str]:
        """What is usual and not there; nothing where the environment names the one way to sign in."""
        if self._environ.get("AZURE_TOKEN_CREDENTIALS", ""):
            return []
        missing = {"AZURE_CLIENT_ID is not set": self._environ.get("AZURE_CLIENT_ID"), "az is not installed": self._which("az")}
        return [words for words, is_set in missing.items() if not is_set]


def _check_cloud(member: CredentialMember, environ: Mapping[str, str]) -> None:
    """Raise AuthenticationFailed where `az` is set to another cloud: its tokens are not of the one that is signed in to."""
    if member.kind != "AzureCliCredential":
        return
    cloud_used, name = cloud_of_sign_in(environ), cloud_of_cli(environ)
    if name == cloud_used.cli_name or (not cloud_used.cli_name and name not in {cloud.cli_name for cloud in CLOUDS}):
        return
    authority = next((cloud.authorities[0] for cloud in CLOUDS if cloud.cli_name == name), "that cloud's authority")
    raise AuthenticationFailed(
        f"{member.label}: az is set to the cloud {clean(name, 40)}, and tokens of {cloud_used.name} are asked for; "
        f"set AZURE_AUTHORITY_HOST to {authority}, or use `az cloud set`"
    )


async def _sign_in(module: ModuleType, member: CredentialMember, scope: str) -> EntraToken:
    from azure.core.exceptions import AzureError

    try:
        credential: AsyncTokenCredential = getattr(module, member.kind)(**member.arguments)
        async with asyncio.timeout(member.timeout), credential:
            answer = await credential.get_token(scope)
    except TimeoutError as error:
        raise AuthenticationFailed(f"{member.label}: no answer within {member.timeout:g} s") from error
    except (AzureError, ValueError, OSError) as error:
        # Whatever answers where Azure's machines have their metadata service: a proxy, or nothing.
        nobody = "this machine has none, " if member.timeout == METADATA_TIMEOUT else ""
        raise AuthenticationFailed(f"{member.label}: {nobody}{_first_line(error)}") from error
    return EntraToken(value=answer.token, expires=float(answer.expires_on), identity=_identity(answer.token, member.label))


def _first_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return quoted(lines[0], 160) if lines else "it failed without a word"


def _identity(token: str, label: str) -> str:
    """Who the token is for, in words. The token is not verified: this is for reading only."""
    try:
        part = token.split(".")[1]
        claims = from_json(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)), _Claims)
    except (IndexError, ValueError, binascii.Error, msgspec.DecodeError, RecursionError):
        return label
    who = (
        claims.upn
        or claims.unique_name
        or claims.preferred_username
        or (f"application {claims.appid}" if claims.appid else claims.oid)
    )
    return clean(f"{who} ({label})" if who else label, 160)

"""Credentials and the hosts they are for: Docker's config.json and helpers, and the port to Entra ID."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from tui.domain.common.decoding import DECODING, from_json
from tui.domain.common.text import clean
from tui.domain.facts.events import Ownership
from tui.errors import AuthenticationFailed
from tui.private_files import NO_REGULAR, read_regular
from tui.sources.kit.clouds import PUBLIC, Cloud
from tui.sources.kit.programs import find_program

__all__ = ["Credentials", "DockerConfig", "EntraToken", "EntraTokens", "Login", "Logins", "RegistryOwners", "docker_key"]

_log = logging.getLogger(__name__)
HELPER_TIMEOUT = 10.0
HELPER_LIMIT = 64 << 10
REMEMBERED = 60.0
"""Seconds for which a helper that failed is not run again."""
MAX_CONFIG = 1 << 20
DOCKER_HUB_KEY = "https://index.docker.io/v1/"
DOCKER_HUB_HOSTS = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})
IDENTITY_TOKEN_USER = "<token>"
ACR_TOKEN_USER = "00000000-0000-0000-0000-000000000000"


class Login(msgspec.Struct, frozen=True, gc=False):
    """A user and a secret for one registry; `identity_token` is an OAuth refresh token that replaces both."""

    username: str = ""
    password: str = ""
    identity_token: str = ""
    source: str = ""

    def __repr__(self) -> str:
        return f"Login(username={self.username!r}, source={self.source!r})"

    __str__ = __repr__

    def basic(self) -> str:
        """The value of an Authorization header (RFC 7617)."""
        pair = f"{self.username}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"


class EntraToken(msgspec.Struct, frozen=True, gc=False):
    """An access token of Entra ID; `expires` in epoch seconds, `identity` says in words who it is for."""

    value: str
    expires: float
    identity: str = ""

    def __repr__(self) -> str:
        return f"EntraToken(identity={self.identity!r})"

    __str__ = __repr__


class EntraTokens(Protocol):
    """Somebody who can get tokens of Entra ID."""

    async def token(self, scope: str, refused: str = "") -> EntraToken:
        """A token for a scope such as `https://containerregistry.azure.net/.default`. Raises AuthenticationFailed.

        `refused` is one that Azure did not take although it should still hold: it is not given out again from memory.
        """
        ...


class Logins(Protocol):
    """Somebody who knows logins by registry host."""

    async def login(self, host: str) -> Login | None:
        """The login for a registry, None when there is none. Raises AuthenticationFailed."""
        ...


class RegistryOwners(Protocol):
    """Somebody who knows which registries are ours."""

    async def ownership(self, host: str) -> Ownership:
        """Whose a registry is; UNKNOWN with the reason where that cannot be told."""
        ...


class Credentials(msgspec.Struct, frozen=True):
    """What there is to sign in with; a registry's own options say which of it is used.

    `cloud` is the one that `entra` gives tokens of, `owners` tell where they may be sent without being told to.
    """

    docker: Logins | None = None
    entra: EntraTokens | None = None
    owners: RegistryOwners | None = None
    cloud: Cloud = PUBLIC


class _AuthEntry(msgspec.Struct):
    auth: str = ""
    username: str = ""
    password: str = ""
    identitytoken: str = ""


class _ConfigFile(msgspec.Struct, rename="camel"):
    auths: dict[str, msgspec.Raw] | None = None
    cred_helpers: dict[str, str] | None = None
    creds_store: str = ""


class _HelperAnswer(msgspec.Struct, rename="pascal"):
    username: str = ""
    secret: str = ""


class DockerConfig:
    """Docker's `config.json`, read anew when the file changes; helpers are run without a terminal and with a time limit.

    Source: docker/cli `cli/config/configfile` and docker-credential-helpers (`docker-credential-<name> get`, the server on
    stdin, JSON with Username and Secret on stdout; user `<token>` means that the secret is an identity token).
    """

    def __init__(
        self,
        path: Path,
        environ: Mapping[str, str],
        timeout: float = HELPER_TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path, self._environ, self._timeout, self._clock = path, dict(environ), timeout, clock
        self._failures: dict[str, tuple[float, AuthenticationFailed]] = {}
        self._stamp: tuple[int, int] | None = None
        self._file = _ConfigFile()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> DockerConfig:
        """`$DOCKER_CONFIG/config.json`, otherwise `~/.docker/config.json`."""
        folder = environ.get("DOCKER_CONFIG") or str(Path(environ.get("HOME") or Path.home()) / ".docker")
        return cls(Path(folder) / "config.json", environ)

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    async def login(self, host: str) -> Login | None:
        """The login for a registry host as written in references, None when there is none. Raises AuthenticationFailed."""
        file = self._load()
        keys = _keys(host)
        helpers = file.cred_helpers or {}
        helper = next((helpers[key] for key in _ordered(helpers, host)), None)
        if helper:
            return await self._ask(helper, keys)
        if file.creds_store and helper is None and (stored := await self._ask(file.creds_store, keys)):
            return stored
        for key in _ordered(file.auths or {}, host):
            if login := self._entry(key, (file.auths or {})[key]):
                return login
        return None

    def _load(self) -> _ConfigFile:
        try:
            stat = self._path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            if stamp != self._stamp:
                if stat.st_size > MAX_CONFIG:
                    raise self._broken("it is too large")
                self._file = from_json(read_regular(self._path, MAX_CONFIG), _ConfigFile)
                self._stamp = stamp
        except FileNotFoundError:
            self._file, self._stamp = _ConfigFile(), None
        except OSError as error:
            why = f"{error.strerror}" if error.strerror == NO_REGULAR else "it cannot be read"
            raise self._broken(why) from error
        except DECODING as error:
            raise self._broken("it is not readable JSON of the expected shape") from error
        return self._file

    def _broken(self, why: str) -> AuthenticationFailed:
        return AuthenticationFailed(
            f"{clean(str(self._path), 200)} cannot be used: {why}", "Correct the file, or sign in with `docker login`."
        )

    def _entry(self, key: str, raw: msgspec.Raw) -> Login | None:
        source = f"docker config {self._path}"
        try:
            entry = from_json(raw, _AuthEntry | None) or _AuthEntry()
        except (msgspec.DecodeError, RecursionError) as error:
            raise self._broken(f"its entry for {clean(key, 80)} is of another form") from error
        user, password = entry.username, entry.password
        if entry.auth:
            try:
                user, _, password = (
                    base64.b64decode("".join(entry.auth.split()), validate=True).decode().rstrip("\0").partition(":")
                )
            except (binascii.Error, UnicodeDecodeError) as error:
                raise self._broken(f"the `auth` for {clean(key, 80)} in it is not base64 of user:password") from error
        if entry.identitytoken:
            return Login(username=user, identity_token=entry.identitytoken, source=source)
        return Login(username=user, password=password, source=source) if user and password else None

    async def _ask(self, helper: str, keys: tuple[str, ...]) -> Login | None:
        until, failure = self._failures.get(helper, (0.0, None))
        if failure is not None and self._clock() < until:
            raise AuthenticationFailed(failure.headline, failure.remedy)
        try:
            for key in keys:
                login = await _run_helper(helper, key, self._environ, self._timeout)
                _log.debug(
                    "docker-credential-%s has %s for %s", clean(helper, 80), "a login" if login else "nothing", clean(key, 200)
                )
                if login:
                    return login
        except AuthenticationFailed as error:
            # One that hangs or is not there does so for every registry: the others are not to wait for it as well.
            self._failures[helper] = (self._clock() + REMEMBERED, error)
            raise
        return None


def docker_key(key: str) -> str:
    """The host of a key in `auths`: without scheme and path, and one name for Docker Hub's several."""
    host = key.split("://", 1)[-1].split("/", 1)[0].lower()
    return "docker.io" if host in DOCKER_HUB_HOSTS else host


def _ordered(keys: Iterable[str], host: str) -> list[str]:
    """The keys that mean a host, as docker tries them: the very key first, then those that mean it by what they begin with.

    Source: docker/cli cli/config/credentials/file_store.go, `Get` and `ConvertToHostname`.
    """
    usual = DOCKER_HUB_KEY if docker_key(host) == "docker.io" else host
    return sorted((key for key in keys if docker_key(key) == docker_key(host)), key=lambda key: (key != usual, key != host))


def _keys(host: str) -> tuple[str, ...]:
    return (DOCKER_HUB_KEY,) if docker_key(host) == "docker.io" else (host, f"https://{host}")


async def _run_helper(helper: str, server: str, environ: Mapping[str, str], timeout: float) -> Login | None:
    program = f"docker-credential-{helper}"
    if os.sep in helper or not helper:
        raise AuthenticationFailed(
            f"{clean(program, 80)} is not a name of a credential helper", "Correct credsStore or credHelpers."
        )
    try:
        process = await asyncio.create_subprocess_exec(
            find_program(program, environ),
            "get",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=dict(environ),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise AuthenticationFailed(
            f"the credential helper {clean(program, 80)} cannot be run",
            "Install it, or correct credsStore / credHelpers in config.json.",
        ) from error
    return _understand(await _converse(process, program, server, timeout), process.returncode or 0, program, server)


async def _converse(process: asyncio.subprocess.Process, program: str, server: str, timeout: float) -> bytes:
    try:
        async with asyncio.timeout(timeout):
            out, _ = await process.communicate(server.encode())
            return out[: HELPER_LIMIT + 1]
    except TimeoutError as error:
        raise AuthenticationFailed(
            f"the credential helper {clean(program, 80)} did not answer within {timeout:g} s",
            "It may wait for a password or a window: run it by hand, or sign in with another method.",
        ) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _understand(out: bytes, code: int, program: str, server: str) -> Login | None:
    if code != 0:
        # Helpers say "credentials not found in native keychain" on stdout and exit 1: not an error.
        return None
    try:
        answer = from_json(out, _HelperAnswer)
    except DECODING as error:
        raise AuthenticationFailed(
            f"the credential helper {clean(program, 80)} answered something that is not JSON",
            f"Try: echo {clean(server, 80)} | {clean(program, 80)} get",
        ) from error
    if not answer.secret:
        return None
    if answer.username == IDENTITY_TOKEN_USER:
        return Login(identity_token=answer.secret, source=program)
    return Login(username=answer.username, password=answer.secret, source=program)

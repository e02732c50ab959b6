"""Who we are to a registry: the ways to sign in, tried in order, and the one that held."""

from __future__ import annotations

import logging

import msgspec

from tui.domain.facts.asking import AuthMode
from tui.domain.facts.events import Owner, Ownership
from tui.errors import AuthenticationFailed, SourceError
from tui.sources.kit.clouds import cloud_of_registry
from tui.sources.kit.credentials import ACR_TOKEN_USER, Credentials, EntraToken, EntraTokens, Login
from tui.sources.kit.requestlog import reason
from tui.sources.registry.options import RegistryOptions

__all__ = ["Identity", "SignIns"]


_log = logging.getLogger(__name__)


class Identity(msgspec.Struct, frozen=True):
    """Somebody to be: a login, a token of Entra ID to exchange, or nobody. `words` is for the operator, empty for nobody."""

    words: str = ""
    login: Login | None = None
    entra: EntraToken | None = None

    @property
    def refresh_token(self) -> str:
        """An OAuth refresh token that needs no exchange, empty when there is none."""
        if self.login is None:
            return ""
        return self.login.identity_token or (self.login.password if self.login.username == ACR_TOKEN_USER else "")

    @property
    def anonymous(self) -> bool:
        """Whether this is nobody."""
        return self.login is None and self.entra is None


NAMED = Ownership(Owner.OURS, "is named by --registry or the settings")
LEFT_OUT = Ownership(Owner.UNKNOWN, "is not asked where Azure is left out")
NOBODY_TO_ASK = Ownership(Owner.UNKNOWN, "could not be asked: there is no Azure Resource Graph for this sign-in")


class SignIns:
    """The ways to sign in that the options allow; `refuse` moves on to the next."""

    def __init__(self, options: RegistryOptions, credentials: Credentials) -> None:
        self._options, self._credentials = options, credentials
        self._ways = _ways(options, credentials)
        self._at = 0
        self.refusals: list[SourceError] = []
        self.ownership = NAMED if options.named_by_operator else Ownership() if credentials.entra is not None else LEFT_OUT

    async def current(self) -> Identity:
        """Who to be now. Raises AuthenticationFailed when the one way that was configured does not work."""
        while True:
            way = self._ways[self._at]
            try:
                identity = await self._try(way)
            except AuthenticationFailed as error:
                self.refuse(error)
                continue
            if identity is not None:
                _log.debug("%s: signs in by %s as %s", self._options.host, way.value, identity.words or "anybody")
                return identity
            if self._at + 1 >= len(self._ways):
                raise AuthenticationFailed(
                    f"there are no credentials for {self._options.host} in {way.value}",
                    f"Sign in: `docker login {self._options.host}`, or change `auth` for this registry.",
                )
            self._at += 1

    async def renewed(self, refused: str) -> str:
        """Another token of Entra ID than a refused one, or the same where there is none. Raises AuthenticationFailed."""
        entra = self._credentials.entra
        if entra is None or self._ways[self._at] is not AuthMode.ENTRA:
            return refused
        return (await entra.token(self._options.audience, refused)).value

    def refuse(self, error: SourceError) -> None:
        """The current way does not work: go on to the next, or raise the error when there is none."""
        if self._at + 1 >= len(self._ways):
            # Beginning anew next time: a login may appear while we run.
            self._at = 0
            raise error
        _log.debug("%s: %s; the next way to sign in is tried", self._options.host, reason(error))
        self.refusals.append(error)
        self._at += 1

    def restart(self) -> None:
        """Forget what was refused: the operator may have signed in since."""
        self._at = 0
        self.refusals.clear()

    async def _try(self, way: AuthMode) -> Identity | None:
        options = self._options
        match way:
            case AuthMode.BASIC:
                return Identity(options.username, login=Login(options.username, options.password, source="settings"))
            case AuthMode.ENTRA if self._credentials.entra is not None:
                return await self._by_entra(self._credentials.entra)
            case AuthMode.DOCKER if self._credentials.docker is not None:
                login = await self._credentials.docker.login(options.host)
                return Identity(_words(login), login=login) if login else None
            case AuthMode.ANONYMOUS:
                return Identity()
            case _:
                return None

    async def _by_entra(self, entra: EntraTokens) -> Identity:
        """A token for a registry that is named or ours, in the cloud that the token is of.

        1. What the operator names is signed in to; whose anything else is, is asked. 2. What is not ours gets no token. 3. A
        token of one cloud never goes to another. 4. Where nobody can say what is ours, the cloud alone decides; the sign-in
        then proves nothing.
        """
        if not self._options.named_by_operator:
            self.ownership = await self._asked()
            if self.ownership.owner is Owner.FOREIGN:
                raise _not_ours(self._options.host, self.ownership)
        self._check_cloud()
        token = await entra.token(self._options.audience)
        return Identity(token.identity or "Entra ID", entra=token)

    async def _asked(self) -> Ownership:
        owners = self._credentials.owners
        return NOBODY_TO_ASK if owners is None else await owners.ownership(self._options.host)

    def _check_cloud(self) -> None:
        theirs, ours = cloud_of_registry(self._options.host), self._credentials.cloud
        # An authority of the operator's own has registries by any name, but only where somebody says so.
        own = not ours.registries and self.ownership.owner is Owner.OURS
        if theirs is None or theirs == ours or own:
            return
        raise AuthenticationFailed(
            f"{self._options.host} is a registry of {theirs.name}, and tokens of {ours.name} are not sent there",
            f"Set AZURE_AUTHORITY_HOST to {theirs.authorities[0]} and sign in to that cloud.",
        )


def _not_ours(host: str, ownership: Ownership) -> AuthenticationFailed:
    return AuthenticationFailed(
        f"{host} {ownership.basis}, so it is read anonymously", f"If it is yours, name it: --registry {host} signs in to it."
    )


def _words(login: Login) -> str:
    user = login.username if login.username and login.username != ACR_TOKEN_USER else "token"
    return f"{user} ({login.source})"


def _ways(options: RegistryOptions, credentials: Credentials) -> tuple[AuthMode, ...]:
    if options.auth is not AuthMode.AUTO:
        return (options.auth,)
    ways = [AuthMode.BASIC] if options.username and options.password else []
    if options.acr and options.azure and credentials.entra is not None:
        ways.append(AuthMode.ENTRA)
    if credentials.docker is not None:
        ways.append(AuthMode.DOCKER)
    return (*ways, AuthMode.ANONYMOUS)

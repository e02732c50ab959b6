"""Requests to Azure Resource Manager and what lives beside it, signed in by one token that is got anew when it is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from tui.errors import AuthenticationFailed
from tui.sources.kit.clouds import management_scope
from tui.sources.kit.credentials import EntraToken, EntraTokens

if TYPE_CHECKING:
    from tui.sources.kit.transport import Reply

__all__ = ["SIGN_IN", "ManagementSignIn"]

SIGN_IN = "Run `az login`, or check the service principal."
T = TypeVar("T")


class ManagementSignIn:
    """The sign-in to the resource manager at an endpoint; `identity` is who is signed in, empty before the first time."""

    def __init__(self, entra: EntraTokens, endpoint: str) -> None:
        self._entra, self._scope = entra, management_scope(endpoint)
        self.identity = ""

    async def token(self, refused: str = "") -> EntraToken:
        """A token, another than the `refused` one if there is any. Raises AuthenticationFailed."""
        signed_in = await self._entra.token(self._scope, refused)
        self.identity = signed_in.identity
        return signed_in

    async def call(self, send: Callable[[dict[str, str]], Awaitable[Reply]]) -> Reply:
        """The answer to what is sent with these headers. Raises SourceError.

        A token that is refused is got anew, once: it may have been revoked, or be older than the clock here says.
        """
        signed_in = await self.token()
        try:
            return await send(bearer(signed_in))
        except AuthenticationFailed:
            newer = await self.token(refused=signed_in.value)
            if newer.value == signed_in.value:
                raise
        return await send(bearer(newer))


def bearer(signed_in: EntraToken) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {signed_in.value}"}

"""Who signs in to a builder: a secret of the environment, what a program prints, or a token of Entra ID."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping, Sequence
from typing import Protocol

from tui.domain.common.text import clean
from tui.errors import AuthenticationFailed
from tui.sources.kit.credentials import EntraTokens
from tui.sources.kit.programs import find_program

__all__ = ["AZURE_DEVOPS", "Basic", "Bearer", "EntraBearer", "Nobody", "PrintedBearer", "Secret"]

AZURE_DEVOPS = "499b84ac-1321-427f-aa17-267ca6975798/.default"
"""The resource of Azure DevOps in Entra ID."""
PROGRAM_TIMEOUT = 10.0
LONGEST = 16 << 10


class Secret(Protocol):
    """Signs requests in."""

    @property
    def identity(self) -> str:
        """Who it is, in words, as far as that is known without asking."""
        ...

    async def headers(self) -> Mapping[str, str]:
        """The headers. Raises AuthenticationFailed."""
        ...

    def refused(self) -> None:
        """They are not accepted: have others the next time, if there are any."""
        ...


class Nobody:
    """Signs nobody in."""

    identity = ""

    async def headers(self) -> Mapping[str, str]:
        """None."""
        return {}

    def refused(self) -> None:
        """There are no others."""


class Basic:
    """A user with a password, an API token, or a personal access token (whose user may be empty)."""

    def __init__(self, username: str, password: str) -> None:
        self.identity = username
        self._value = base64.b64encode(f"{username}:{password}".encode()).decode()

    async def headers(self) -> Mapping[str, str]:
        """RFC 7617."""
        return {"Authorization": f"Basic {self._value}"}

    def refused(self) -> None:
        """There are no others."""


class Bearer:
    """A token."""

    identity = ""

    def __init__(self, token: str) -> None:
        self._token = token

    async def headers(self) -> Mapping[str, str]:
        """RFC 6750."""
        return {"Authorization": f"Bearer {self._token}"}

    def refused(self) -> None:
        """There are no others."""


class EntraBearer:
    """A token of Entra ID, got anew when it is old."""

    identity = ""

    def __init__(self, tokens: EntraTokens, scope: str = AZURE_DEVOPS) -> None:
        self._tokens, self._scope = tokens, scope
        self._used = self._refused = ""

    async def headers(self) -> Mapping[str, str]:
        """RFC 6750."""
        token = await self._tokens.token(self._scope, self._refused)
        self.identity, self._used = token.identity, token.value
        return {"Authorization": f"Bearer {token.value}"}

    def refused(self) -> None:
        """It is over before its time: a newer one is got."""
        self._refused = self._used


class PrintedBearer:
    """A token that a program prints, run without a terminal; it is run once, and what it prints is kept."""

    identity = ""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command, self._environment = tuple(command), dict(environment)
        self._token = ""
        self._running = asyncio.Lock()

    async def headers(self) -> Mapping[str, str]:
        """RFC 6750."""
        async with self._running:
            self._token = self._token or await self._printed()
        return {"Authorization": f"Bearer {self._token}"}

    def refused(self) -> None:
        """The program is run again."""
        self._token = ""

    async def _printed(self) -> str:
        shown = clean(" ".join(self._command), 80)
        remedy = f"Run `{shown}` by hand, or name a variable in `token_env` of the builder."
        try:
            process = await asyncio.create_subprocess_exec(
                find_program(self._command[0], self._environment),
                *self._command[1:],
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=self._environment,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise AuthenticationFailed(f"`{shown}`, which should print a token, cannot be run", remedy) from error
        try:
            async with asyncio.timeout(PROGRAM_TIMEOUT):
                out, _ = await process.communicate()
        except TimeoutError as error:
            raise AuthenticationFailed(f"`{shown}` printed no token within {PROGRAM_TIMEOUT:g} s", remedy) from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        token = out[:LONGEST].decode("ascii", "replace").strip()
        if process.returncode != 0 or not token or not token.isascii() or not token.isprintable() or " " in token:
            raise AuthenticationFailed(f"`{shown}` printed no token", remedy)
        return token

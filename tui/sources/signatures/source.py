"""Signatures as a source: takes what registries found attached, verifies it, and says what each manifest's signatures are worth.

Verification brings `cryptography` with it: it is imported, off the loop, when the first manifest is to be looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING

import msgspec

from tui.domain.common.text import clean
from tui.domain.facts.demand import ArtifactDemand
from tui.domain.facts.diagnosis import Diagnosis
from tui.domain.facts.events import Denial, Event, HealthChanged, SourceHealth, SourceId, SourceKind
from tui.domain.facts.health import answered, loading
from tui.sources.kit.backlog import Backlog
from tui.sources.ports import AttachmentReader, ContentReader, RevocationStore
from tui.sources.signatures.footprint import unusable
from tui.sources.signatures.options import SignatureOptions

if TYPE_CHECKING:
    from tui.sources.signatures.elsewhere import Openers
    from tui.sources.signatures.session import SignatureSession

__all__ = ["SignatureSource"]

REMEDY = "Correct its name or its content."
MOST_TOLD = 4
WATCH = 2.0
"""Seconds between looks at the files of what is trusted, and at the clock."""


def _utc() -> datetime:
    return datetime.now(UTC)


def _nowhere(host: str) -> AttachmentReader | None:
    return None


class SignatureSource:
    """`readers` gives the reader of a registry by its host, None for one that is not asked.

    `opener` opens one of its own for the repository in which cosign keeps signatures apart from images.
    `answers` keeps what revocation services say for the next run.
    """

    def __init__(
        self,
        options: SignatureOptions,
        readers: Callable[[str], ContentReader | None],
        *,
        now: Callable[[], datetime] = _utc,
        watch: float = WATCH,
        opener: Openers | None = None,
        answers: RevocationStore | None = None,
    ) -> None:
        self.options, self._readers, self._now, self._watch = options, readers, now, watch
        self._opener, self._answers = opener or _nowhere, answers
        self._backlog = Backlog(now)
        self._session: SignatureSession | None = None

    @property
    def id(self) -> SourceId:
        """`signatures`."""
        return SourceId(SourceKind.SIGNATURES)

    @property
    def idle(self) -> bool:
        """Whether everything asked for was looked at and told."""
        return self._backlog.idle and (self._session is None or self._session.events.empty)

    def examine(self, demands: tuple[ArtifactDemand, ...]) -> None:
        """Ask for more. Never blocks."""
        self._backlog.add(demands)

    async def events(self) -> AsyncIterator[Event]:
        """What is found, for ever."""
        yield HealthChanged(self._untried(await asyncio.to_thread(unusable, self.options.all)))
        await self._backlog.filled()
        await asyncio.to_thread(import_module, "tui.sources.signatures.session")
        from tui.sources.signatures.session import SignatureSession

        self._backlog.restart()
        session = self._session = SignatureSession(
            self.id, self.options, self._readers, self._backlog, self._now, self._watch, self._opener, self._answers
        )
        try:
            async with aclosing(session.events.of(session.drive, str(self.id))) as events:
                async for event in events:
                    yield event
        finally:
            self._session = None

    def _untried(self, faults: tuple[tuple[str, str], ...]) -> SourceHealth:
        """The health before anything was asked for: what is named and cannot be used is told even so."""
        denials = tuple(
            Denial(f"file {clean(path, 200)}", reason=f"{clean(path, 200)} cannot be used: {why}", remedy=REMEDY)
            for path, why in faults
        )
        reasons = "; ".join(denial.reason for denial in denials[:MOST_TOLD])
        return msgspec.structs.replace(answered(loading(self.id), None, objects=0, denials=denials), error=reasons, live=True)

    async def diagnose(self) -> AsyncGenerator[Diagnosis, None]:
        """What is trusted, as far as it can be read."""
        from tui.sources.signatures.diagnosis import diagnose

        for diagnosis in await asyncio.to_thread(diagnose, self.options, self._now()):
            yield diagnosis

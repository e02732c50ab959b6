"""Credentials in what sources say of themselves reach no snapshot, and so no view and no report."""

from __future__ import annotations

from collections.abc import AsyncIterator

from tests.domain.world import NOW
from tui.domain.facts.events import Denial, Event, HealthChanged, SourceHealth, SourceId, SourceKind, SourceState
from tui.domain.policy.policy import built_in
from tui.estate.estate import Estate
from tui.sources.kit.webapi import place_of

SAID = SourceHealth(
    SourceId(SourceKind.CLUSTER, "lab"),
    SourceState.FAILED,
    error="The credential plugin x failed (exit code 1): Invalid client secret provided: 'hunter2'",
    remedy="Run it with --password hunter2",
    sign_in_error="pass=hunter2",
    endpoint="https://ops:hunter2@api.lab:6443",
    denials=(Denial("pods", reason="X-IDENTITY-HEADER: hunter2", remedy="Ask."),),
)


class Careless:
    """A source that says too much."""

    id = SAID.id

    async def events(self) -> AsyncIterator[Event]:
        """Its health."""
        yield HealthChanged(SAID)


async def test_no_credential_reaches_a_snapshot() -> None:
    estate = Estate((Careless(),), lambda _: None, built_in(), clock=lambda: NOW)
    async with estate.running():
        assert await estate.settled(10)
        (health,) = (each for each in estate.snapshot.sources if each.id == SAID.id)
    assert "hunter2" not in repr(health)
    assert health.endpoint == "https://[hidden]@api.lab:6443"
    assert health.error.startswith("The credential plugin x failed (exit code 1)")


def test_the_place_of_a_console_is_told_without_its_user() -> None:
    assert place_of("https://ops:hunter2@prisma.lab:8083/path/") == "prisma.lab:8083/path"

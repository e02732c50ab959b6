"""What a command answers on a registry that lies: what is asked about is looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.real.lying_estate import LIMIT, living
from tests.real.lying_registry import LyingRegistry, serving
from tui.cli.check import CheckOptions
from tui.cli.check import check as run_check
from tui.cli.output import Exit
from tui.domain.common.trust import State
from tui.domain.facts.patterns import parse_pattern
from tui.domain.policy.policy import Policy, Rules
from tui.domain.query.query import parse_query
from tui.estate.estate import Estate
from tui.settings.settings import Settings


def rules(registry: LyingRegistry, asks: bool = True) -> Policy:
    """A policy of which only the signature can fail."""
    state = State.FAIL if asks else State.OFF
    trusted = (parse_pattern(registry.host),)
    return Policy(
        "test", Rules(trusted=trusted, unsigned=state, unverified=state, base_end_of_life=State.OFF, max_age=0, warn_age=0)
    )


def checked(registry: LyingRegistry, directory: Path, query: str, policy: Policy) -> Exit:
    """How `trustree check QUERY` ends where nothing runs."""

    @asynccontextmanager
    async def opened(settings: Settings) -> AsyncIterator[Estate]:
        async with living(registry, directory, policy=policy) as estate:
            yield estate

    return run_check(Settings(), parse_query(query), CheckOptions(wait=LIMIT, allow_unknown=True), opened, lambda parts: None)


@pytest.mark.parametrize("query", ["repo:app", "", "is:unsigned", "app"])
@pytest.mark.parametrize(
    ("signed", "asks", "code"), [("no", True, Exit.VIOLATED), ("wrongly", True, Exit.VIOLATED), ("no", False, Exit.OK)]
)
def test_what_nothing_runs_is_not_exempt_where_it_is_asked_about(
    signed: str, asks: bool, code: Exit, query: str, tmp_path: Path
) -> None:
    with serving() as registry:
        image = registry.image("1", annotations={"org.opencontainers.image.base.name": "scratch"})
        if signed == "wrongly":
            registry.notation(image, about=registry.image(name="other"))
        assert checked(registry, tmp_path, query, rules(registry, asks)) is code


@pytest.mark.parametrize("query", ["repo:app", ""])
def test_what_nothing_runs_passes_when_it_is_signed(query: str, tmp_path: Path) -> None:
    with serving() as registry:
        registry.notation(registry.image("1"))
        assert checked(registry, tmp_path, query, rules(registry)) is Exit.OK
        assert any("/referrers/" in each for each in registry.asked)

"""Single questions go to the source of their registry, bounded; a registry that nobody asks says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tui.domain.facts.build import BuilderKind, Run, RunState
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.inquiries import Inquiries
from tui.errors import Forbidden, TrustreeError, Unreachable
from tui.estate.inquiries import MAX_CONFIGURATION, SourceInquiries

NAME = RepositoryName("a.io", "shop/api")


class Reader:
    """Tells what it was asked for."""

    async def manifest(self, name: RepositoryName, digest: str) -> bytes:
        """The question."""
        return f"manifest {name} {digest}".encode()

    async def blob(self, name: RepositoryName, digest: str, limit: int) -> bytes:
        """The question."""
        return f"blob {name} {digest} {limit}".encode()


async def test_the_source_of_the_registry_is_asked() -> None:
    inquiries: Inquiries = SourceInquiries({"a.io": Reader()}.get)
    assert await inquiries.manifest(NAME, "sha256:1") == b"manifest a.io/shop/api sha256:1"
    assert await inquiries.configuration(NAME, "sha256:2") == f"blob a.io/shop/api sha256:2 {MAX_CONFIGURATION}".encode()


async def test_a_registry_that_nobody_asks_is_named() -> None:
    inquiries = SourceInquiries({"b.io": Reader()}.get)
    for ask in (inquiries.manifest, inquiries.configuration):
        with pytest.raises(TrustreeError) as error:
            await ask(NAME, "sha256:1")
        assert error.value.headline == "a.io is not asked."


class Builder:
    """A builder with a log, that may never end."""

    def __init__(self, *lines: str, error: TrustreeError | None = None, endless: bool = False) -> None:
        self.lines, self.error, self.endless = lines, error, endless
        self.closed = 0

    async def log(self, run: Run) -> AsyncGenerator[str, None]:
        """The lines."""
        for line in self.lines:
            yield line
        if self.error is not None:
            raise self.error
        if self.endless:
            await asyncio.Event().wait()

    async def aclose(self) -> None:
        """Count it."""
        self.closed += 1


RUN = Run(BuilderKind.JENKINS, "ci", "shop/33", RunState.FAILED)


async def test_the_last_lines_of_a_log_are_read_and_the_builder_is_closed() -> None:
    builder = Builder("a", "b", "c")
    inquiries: Inquiries = SourceInquiries(lambda _: None, lambda kind, name: builder)
    assert await inquiries.run_log(RUN, 2) == ("b", "c")
    assert builder.closed == 1


async def test_a_builder_that_refuses_is_closed_too() -> None:
    builder = Builder(error=Forbidden("No.", "Ask."))
    with pytest.raises(Forbidden):
        await SourceInquiries(lambda _: None, lambda kind, name: builder).run_log(RUN, 2)
    assert builder.closed == 1


async def test_a_log_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.estate.inquiries.PATIENCE", 0.01)
    builder = Builder("a", endless=True)
    with pytest.raises(Unreachable):
        await SourceInquiries(lambda _: None, lambda kind, name: builder).run_log(RUN, 2)
    assert builder.closed == 1


async def test_a_builder_that_nobody_reads_is_named() -> None:
    with pytest.raises(TrustreeError) as error:
        await SourceInquiries(lambda _: None).run_log(RUN, 2)
    assert error.value.headline == "ci is not asked for logs."

"""Single questions go to the source of their registry, bounded; a registry that nobody asks says so."""

from __future__ import annotations

import pytest

from tui.domain.facts.image import RepositoryName
from tui.domain.facts.inquiries import Inquiries
from tui.errors import TrustreeError
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

"""Text cut to the room there is."""

from __future__ import annotations

import pytest

from widgets.text import middle, width_of

DEBIAN = "mcr.microsoft.com/mirror/docker/library/debian:12-slim"


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        (DEBIAN, 60, DEBIAN),
        (DEBIAN, 45, "mcr.microsoft.com/…/library/debian:12-slim"),
        (DEBIAN, 36, "mcr.microsoft.com/…/debian:12-slim"),
        (DEBIAN, 30, "mcr.microsoft.…/debian:12-slim"),
        ("containernetworking/azure-cns:v1.6.31", 30, "containerne…/azure-cns:v1.6.31"),
        ("a/a-name-that-is-far-too-long-by-itself", 12, "a/a…y-itself"),
        ("no-path-at-all-in-this-name", 12, "no-…his-name"),
    ],
)
def test_a_path_keeps_its_host_and_its_name(text: str, width: int, short: str) -> None:
    assert middle(text, width) == short
    assert width_of(short) <= width

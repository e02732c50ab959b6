"""Numbered builds of one version: revisions, builds of a day, and what only looks like one."""

from __future__ import annotations

import pytest

from tui.domain.lineage.base_tags import TagNow, candidates, floats, is_exact, newer_minor, newer_patch


@pytest.mark.parametrize(
    ("tag", "newer"),
    [
        ("3.18-r4", "3.18-r5"),
        ("3.18-r9", "3.18-r10"),
        ("1.0-build.7", "1.0-build.8"),
        ("build-7", "build-8"),
        ("1.2.3-debian-12-r4", "1.2.3-debian-12-r5"),
        ("17.0.13_11-jre", "17.0.13_12-jre"),
        ("8.9-1107", "8.9-1107.1705420509"),
        ("20261001.1", "20261001.2"),
        ("20261001.9", "20261102.1"),
        ("1.2.3-rc1", "1.2.3-rc2"),
        ("1.0.0.7", "1.0.1.0"),
    ],
)
def test_a_later_build_of_a_series_is_newer(tag: str, newer: str) -> None:
    assert newer_patch(tag, [tag, newer]) == newer
    assert newer_patch(newer, [tag, newer]) == ""
    assert is_exact(tag)
    assert not floats(tag, [newer])


@pytest.mark.parametrize(
    ("tag", "other"),
    [
        ("1.2.3-debian-11", "1.2.3-debian-12"),
        ("1.2.3-alpine3.19", "1.2.3-alpine3.20"),
        ("1.2.3", "1.2.4-rc1"),
        ("release-1.2", "release-2.0"),
        ("build-4f2a", "build-9c1d"),
        ("3.18-r4", "3.18-slim-r5"),
        ("20", "22"),
    ],
)
def test_what_is_no_later_build_is_not_newer(tag: str, other: str) -> None:
    assert newer_patch(tag, [tag, other]) == ""


def test_the_revision_of_a_newer_minor_begins_anew() -> None:
    assert newer_minor("3.18-r4", ["3.18-r5", "3.19-r0"]) == "3.19-r0"


def test_a_version_may_have_named_a_revision_of_it() -> None:
    tags = {"3.18-r4": TagNow("ours", names=True), "3.18": TagNow("newer"), "3.18-slim": TagNow("other")}
    assert candidates(tags, None) == ("3.18", "3.18-r4")

"""From which tags an image may have been built, when nothing says from which."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tui.domain.lineage.base_tags import TagNow, candidates, floats, is_exact

BEFORE, PUSHED, AFTER = (datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3))
HERE = TagNow("ours", names=True)


def moved(to: str = "newer", since: datetime | None = None) -> TagNow:
    return TagNow(to, since=since)


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        pytest.param({"20.3": HERE, "20": moved()}, {"20.3", "20"}, id="a floating tag beside a version"),
        pytest.param({"20.3": HERE, "20": HERE}, {"20.3", "20"}, id="both still name it"),
        pytest.param({"20.3": HERE, "20.4": moved(), "22": moved()}, {"20.3"}, id="other versions never named it"),
        pytest.param({"20.3": HERE, "latest": moved()}, {"20.3", "latest"}, id="a word may have"),
        pytest.param({"20.3": HERE, "latest": moved(since=BEFORE)}, {"20.3"}, id="a word that named another since before"),
        pytest.param({"20.3": HERE, "latest": moved(since=AFTER)}, {"20.3", "latest"}, id="a word that moved since"),
        pytest.param({"20.3": HERE, "20": moved(since=PUSHED)}, {"20.3", "20"}, id="at the very moment"),
        pytest.param({"20.3-alp": HERE, "20": moved("b"), "20-alp": moved()}, {"20.3-alp", "20-alp"}, id="its variant"),
        pytest.param({"20.3-alpine3.19": HERE, "20-alpine": moved()}, {"20.3-alpine3.19", "20-alpine"}, id="its version"),
        pytest.param({"3.1-deb": HERE, "3": moved(), "3.2-deb": moved()}, {"3.1-deb", "3"}, id="the usual variant"),
        pytest.param({"20.3": HERE, "alpine": moved("a"), "20.4-alpine": moved("a")}, {"20.3"}, id="a word for another variant"),
        pytest.param({"a1b2c3d": HERE, "20": moved()}, {"a1b2c3d", "20"}, id="a commit's tag proves nothing"),
        pytest.param({"20.3": HERE, "a1b2c3d": moved(), "20260101": moved()}, {"20.3"}, id="tags of one build"),
        pytest.param({"build-7": HERE, "build-8": moved(), "stable": moved()}, {"build-7", "stable"}, id="the series of builds"),
        pytest.param({"20.3": HERE, "20": TagNow()}, {"20.3", "20"}, id="a tag that cannot be read"),
        pytest.param({"20.3": HERE, "edge": TagNow("x", once_named=True)}, {"20.3", "edge"}, id="seen to name it"),
        pytest.param({"20": moved(), "20.4": moved(), "a1b2c3d": moved()}, {"20", "20.4"}, id="nothing names it"),
    ],
)  # fmt: skip
def test_every_tag_that_may_have_named_a_build_counts(tags: dict[str, TagNow], found: set[str]) -> None:
    assert set(candidates(tags, PUSHED)) == found


_USUAL = ["20", "20.3", "20.3.1", "20-alpine", "20.3-alpine", "latest", "a1b2c3d"]
_TAGS = st.one_of(st.sampled_from(_USUAL), st.text(max_size=12))
_NOW = st.builds(TagNow, st.sampled_from(["", "a", "b"]), st.booleans(), st.booleans(), st.sampled_from([None, BEFORE, AFTER]))


@examples(100)
@given(st.dictionaries(_TAGS, _NOW, max_size=6))
def test_what_names_it_is_always_a_candidate_and_less_knowledge_leaves_out_less(tags: dict[str, TagNow]) -> None:
    known = set(candidates(tags, PUSHED))
    assert known >= {tag for tag, now in tags.items() if now.names or now.once_named}
    assert known <= set(candidates(tags, None)) <= set(tags)


@pytest.mark.parametrize(
    ("tag", "others", "floating"),
    [
        ("20", [], True),
        ("latest", [], True),
        ("20.3", ["20", "20.4"], False),
        ("3.12", ["3.12.1"], True),
        ("3.12", ["3.12-alpine"], False),
        ("3.12-slim", ["3.12.1-slim"], True),
        ("9.4", ["9.4-1214"], True),
        ("20250101", ["20250202"], False),
        ("3.12.1", [], False),
    ],
)
def test_a_tag_floats_when_it_is_no_exact_version(tag: str, others: list[str], floating: bool) -> None:
    assert floats(tag, others) is floating
    assert floating or is_exact(tag)

"""When a base counts as outdated: by content for the image's platforms, never by the digest of an index."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.lineage_kit import AMD, ARM, digest, key
from tui.domain.lineage.base_tags import newer_minor, newer_patch
from tui.domain.lineage.outdated import BaseFacts, BaseVerdict, OutdatedRule, apply_verdict, judge, settle
from tui.domain.snapshot.snapshot import BaseLink, BaseState, Basis, Confidence, ImageKey

MOVED = datetime(2026, 1, 2, tzinfo=UTC)
LINK = BaseLink(key("python"), Basis.LAYERS, Confidence.CERTAIN, tag="3.12")
OLD, NEW = digest("old"), digest("new")
BUILT = BaseFacts(LINK, "3.12", digests=(key("python").digest,), built={AMD: OLD, ARM: OLD + "arm"})


def facts(base: BaseFacts = BUILT, **changes: object) -> BaseFacts:
    return msgspec.structs.replace(base, **changes)


@pytest.mark.parametrize(
    ("given", "state", "rule"),
    [
        pytest.param(
            facts(tag_digest=key("python").digest), BaseState.CURRENT, OutdatedRule.SAME, id="the tag names the base as built"
        ),
        pytest.param(
            facts(tag_digest=NEW, tag_configs={AMD: OLD, ARM: OLD + "arm"}),
            BaseState.CURRENT,
            OutdatedRule.INDEX_REPUSHED,
            id="attestation added",
        ),
        pytest.param(
            facts(tag_digest=NEW, built={AMD: OLD}, tag_configs={AMD: OLD, ARM: "x"}),
            BaseState.CURRENT,
            OutdatedRule.INDEX_REPUSHED,
            id="pushed again for another platform",
        ),
        pytest.param(
            facts(tag_digest=NEW, tag_configs={AMD: NEW, ARM: NEW}, moved=MOVED),
            BaseState.OUTDATED,
            OutdatedRule.TAG_MOVED,
            id="the tag moved",
        ),
        pytest.param(
            facts(tag_digest=NEW, tag_configs={AMD: NEW, ARM: OLD + "arm"}),
            BaseState.OUTDATED,
            OutdatedRule.TAG_MOVED,
            id="moved for one platform",
        ),
        pytest.param(
            facts(tag_digest=NEW, tag_configs={AMD: OLD}),
            BaseState.UNKNOWN,
            OutdatedRule.PLATFORM_GONE,
            id="a platform is no longer published",
        ),
        pytest.param(facts(tag_digest=NEW), BaseState.UNKNOWN, OutdatedRule.UNREADABLE, id="its platforms were not read"),
        pytest.param(
            facts(unreadable="No sign-in."), BaseState.UNKNOWN, OutdatedRule.UNREADABLE, id="the registry cannot be read"
        ),
        pytest.param(facts(), BaseState.UNKNOWN, OutdatedRule.UNREADABLE, id="not asked yet"),
        pytest.param(facts(tag_gone=True), BaseState.UNKNOWN, OutdatedRule.TAG_GONE, id="the tag is gone"),
    ],
)
def test_a_base_is_judged_by_content(given: BaseFacts, state: BaseState, rule: OutdatedRule) -> None:
    verdict = judge(given)
    assert (verdict.state, verdict.rule) == (state, rule)
    assert verdict.reason.endswith(".")
    assert bool(verdict.brief) == (state is not BaseState.CURRENT)


def test_a_moved_tag_says_since_when_and_what_is_newest() -> None:
    verdict = judge(facts(tag_digest=NEW, tag_configs={AMD: NEW, ARM: NEW}, moved=MOVED))
    assert verdict.since == MOVED
    assert verdict.newest == f"3.12@{NEW}"
    link = apply_verdict(LINK, verdict)
    assert (link.state, link.state_reason, link.since) == (BaseState.OUTDATED, verdict.reason, MOVED)


def test_one_platform_that_moved_is_named() -> None:
    verdict = judge(facts(tag_digest=NEW, tag_configs={AMD: NEW, ARM: OLD + "arm"}))
    assert "linux/amd64" in verdict.reason
    assert "arm64" not in verdict.reason


CLAIMED = facts(
    built={}, link=msgspec.structs.replace(LINK, base=msgspec.structs.replace(key("python"), digest=OLD)), digests=(OLD,)
)


@pytest.mark.parametrize(
    ("given", "state"),
    [
        (facts(CLAIMED, tag_digest=OLD), BaseState.CURRENT),
        (facts(CLAIMED, tag_digest=NEW, tag_digests=(NEW, OLD)), BaseState.CURRENT),
        (facts(CLAIMED, tag_digest=NEW, tag_digests=(NEW,)), BaseState.OUTDATED),
        (facts(CLAIMED, tag_digest=NEW), BaseState.UNKNOWN),
        (
            facts(
                CLAIMED,
                digests=(),
                tag_digest=NEW,
                tag_digests=(NEW,),
                link=msgspec.structs.replace(LINK, base=msgspec.structs.replace(key("python"), digest="")),
            ),
            BaseState.UNKNOWN,
        ),
    ],
)
def test_a_base_that_is_only_claimed_is_compared_by_its_digest(given: BaseFacts, state: BaseState) -> None:
    assert judge(given).state is state


def test_a_newer_patch_makes_a_current_base_outdated() -> None:
    verdict = judge(facts(tag="3.12.1", tag_digest=key("python").digest, tags=("3.12.1", "3.12.3")))
    assert (verdict.rule, verdict.newest) == (OutdatedRule.NEWER_PATCH, "3.12.3")


@pytest.mark.parametrize(
    ("tag", "tags", "newest"),
    [
        ("3.12.1", ["3.12.2", "3.12.10", "3.12.9"], "3.12.10"),
        ("3.12.1-slim", ["3.12.2", "3.12.2-slim", "3.12.3-alpine"], "3.12.2-slim"),
        ("v1.2.3", ["v1.2.4", "1.2.5"], "1.2.5"),
        ("3.12", ["3.13", "3.12.1"], ""),
        ("3.12.1", ["3.13.0", "4.0.0", "3.12.2-rc1", "3.12.1.1", "latest", "3.12.2rc1"], ""),
        ("latest", ["1.2.3"], ""),
        ("1234567", ["7654321"], ""),
        (
            "bookworm-20250101-slim",
            ["bookworm-20250203-slim", "trixie-20260101-slim", "bookworm-20250301"],
            "bookworm-20250203-slim",
        ),
        ("20250101", ["20250203", "20241231"], "20250203"),
        ("1.2.3", [], ""),
        ("1.2.3", ["9" * 5000, "1.2." + "9" * 5000, "\x1b[31m"], ""),
    ],
)
def test_a_newer_patch_is_of_the_same_series(tag: str, tags: list[str], newest: str) -> None:
    assert newer_patch(tag, tags) == newest


def test_a_newer_minor_is_of_the_same_major() -> None:
    assert newer_minor("1.26.3-alpine", ["1.27.0-alpine", "2.0.0-alpine", "1.28.0", "1.26.9-alpine"]) == "1.27.0-alpine"
    assert newer_minor("bookworm", ["trixie"]) == ""


@given(st.text(max_size=20), st.lists(st.text(max_size=20), max_size=5))
def test_any_tags_can_be_compared(tag: str, tags: list[str]) -> None:
    assert newer_patch(tag, tags) in ("", *tags)
    assert newer_minor(tag, tags) in ("", *tags)


def verdict_of(state: BaseState, rule: OutdatedRule) -> BaseVerdict:
    return BaseVerdict(state, rule, "A sentence.", "" if state is BaseState.CURRENT else "base moved", MOVED)


def test_a_base_on_an_old_base_makes_all_above_outdated() -> None:
    chain = ["app", "runtime", "python", "debian"]
    links = {key(name): msgspec.structs.replace(LINK, base=key(base)) for name, base in pairwise(chain)}
    current = verdict_of(BaseState.CURRENT, OutdatedRule.SAME)
    verdicts = {
        key("app"): current,
        key("runtime"): current,
        key("python"): verdict_of(BaseState.OUTDATED, OutdatedRule.TAG_MOVED),
    }
    found: dict[ImageKey, BaseVerdict] = {}
    settle(set(verdicts), links, verdicts, {}, found)
    assert found[key("python")].rule is OutdatedRule.TAG_MOVED
    assert [found[key(name)].brief for name in ("runtime", "app")] == ["on the old debian", "on the old debian"]
    assert {found[key(name)].rule for name in ("runtime", "app")} == {OutdatedRule.BASE_BEHIND}


def test_an_unknown_base_further_down_changes_nothing() -> None:
    links = {key("app"): LINK, key("python"): msgspec.structs.replace(LINK, base=key("debian"))}
    verdicts = {
        key("app"): verdict_of(BaseState.CURRENT, OutdatedRule.SAME),
        key("python"): verdict_of(BaseState.UNKNOWN, OutdatedRule.UNREADABLE),
    }
    found: dict[ImageKey, BaseVerdict] = {}
    settle(set(verdicts), links, verdicts, {}, found)
    assert found == verdicts

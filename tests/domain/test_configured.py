"""Bases that the operator names: they are told from all else, and never make an unknown build look like the newest."""

from __future__ import annotations

import pytest

from tests.domain.world import A, World, check, image, name_of
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.configured import ConfiguredBase, configured_claims
from tui.domain.facts.image import ClaimKind
from tui.domain.facts.patterns import parse_pattern
from tui.domain.snapshot.snapshot import BaseState, Basis, Confidence

APP, BASE = f"{A}/app", f"{A}/base"


def built(base: str) -> tuple[World, str]:
    """An image that runs, has no layer of any base and says nothing, and what is configured for it; BASE is there."""
    world = World()
    world.manifest(BASE, "base", "1", layers="b")
    found = world.manifest(APP, "app", "1", layers="a")
    world.run("x/web", f"{APP}:1", f"{APP}@{found}")
    world.configure(APP, base)
    return world, found


def test_a_configured_build_of_a_base_is_the_base_and_is_judged() -> None:
    digest = World().manifest(BASE, "base", "1", layers="b")
    world, found = built(f"{BASE}:1@{digest}")
    shown = image(world.snapshot(), found)
    assert shown.base is not None
    assert (shown.base.basis, shown.base.confidence, shown.base.state) == (
        Basis.CONFIGURED,
        Confidence.CERTAIN,
        BaseState.CURRENT,
    )
    world.tag(BASE, world.manifest(BASE, "newer", layers="c"), "1")
    assert check(image(world.snapshot(), found), CheckName.BASE).state is State.WARN


def test_a_configured_name_alone_does_not_tell_which_build() -> None:
    world, found = built(f"{BASE}:1")
    shown = image(world.snapshot(), found)
    assert shown.base is not None
    assert (shown.base.base.repository, shown.base.basis, shown.base.state) == ("base", Basis.CONFIGURED, BaseState.UNKNOWN)
    assert check(shown, CheckName.BASE).state is State.UNKNOWN


def test_scratch_is_no_base() -> None:
    world, found = built("scratch")
    assert image(world.snapshot(), found).base is None


@pytest.mark.parametrize(
    ("repository", "base"),
    [("a.io/x", "wide:1"), ("a.io/team/x", "star:1"), ("a.io/team/web", "close:1"), ("a.io/team/web/sub", "close:1")],
)
def test_the_closest_pattern_counts(repository: str, base: str) -> None:
    entries = {"a.io": "wide:1", "a.io/team/*": "star:1", "a.io/team/web": "close:1"}
    configured = [ConfiguredBase(parse_pattern(images), base) for images, base in entries.items()]
    (claim,) = configured_claims(name_of(repository), configured)
    assert (claim.kind, claim.reference) == (ClaimKind.CONFIGURED, base)
    assert configured_claims(name_of("a.io.evil.com/x"), configured) == ()

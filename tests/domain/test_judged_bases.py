"""Whether bases are the newest, in small worlds: which tag it was built from, under which name, and what was read."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from tests.domain.base_estate import BASE_DIGEST, BASE_NAME
from tests.domain.world import AMD, ARM, NOW, A, B, World, check, image, name_of
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.events import (
    AbsenceKind,
    CatalogListed,
    ConfigRead,
    HealthChanged,
    ManifestsListed,
    SourceHealth,
    SourceId,
    SourceKind,
    SourceState,
    TagsListed,
)
from tui.domain.facts.image import HistoryEntry, ManifestListing, Tag
from tui.domain.snapshot.snapshot import BaseLink, BaseState, Basis, Confidence

BASE, APP = f"{A}/base/node", f"{A}/shop"


def link_of(world: World, found: str) -> BaseLink:
    link = image(world.snapshot(), found).base
    assert link is not None
    return link


def bases(world: World, name: str = BASE, complete: bool = True, **tags: str) -> None:
    """The registry lists a base's tags; `v20_3` stands for `20.3`."""
    world.list_tags(name, {tag.strip("v").replace("_", "."): found for tag, found in tags.items()}, complete)


def estate(**says: str) -> tuple[World, str, str, str]:
    """An app on the old of two builds of a base."""
    world = World()
    old, new = world.manifest(BASE, "ab"), world.manifest(BASE, "ac")
    app = world.manifest(APP, "abx", "1", says={f"org.opencontainers.image.base.{key}": value for key, value in says.items()})
    return world, app, old, new


def test_a_version_that_still_names_an_old_build_does_not_make_it_current() -> None:
    world, app, old, new = estate()
    bases(world, v20=new, v20_3=old)
    link = link_of(world, app)
    assert link.state is BaseState.UNKNOWN
    assert "20.3: still this build" in link.state_reason
    assert "20: another build now" in link.state_reason
    found = check(image(world.snapshot(), app), CheckName.BASE)
    assert found.state is State.UNKNOWN


def test_what_is_old_by_every_candidate_is_outdated() -> None:
    world, app, old, new = estate()
    bases(world, v20=new, v20_3=old, v20_4=new)
    link = link_of(world, app)
    assert link.state is BaseState.OUTDATED
    assert "20.4 is a newer minor version of 20.3. 20 has moved on as well." in link.state_reason
    assert check(image(world.snapshot(), app), CheckName.BASE).state is State.WARN


def test_what_all_candidates_still_name_is_current() -> None:
    world, app, old, new = estate()
    bases(world, v20=old, v20_3=old, v22=new, v22_1=new)
    assert link_of(world, app).state is BaseState.CURRENT


@pytest.mark.parametrize(("says", "state"), [({}, BaseState.UNKNOWN), ({"name": f"{BASE}:20"}, BaseState.CURRENT)])
def test_the_nearest_base_that_was_read_is_that_of_an_image_only_where_it_says_so(says: dict[str, str], state: BaseState) -> None:
    """A nearer base may lie in the rest of the registry, as long as nobody has asked for that."""
    world, app, old, _ = estate(**says)
    bases(world, v20=old)
    assert link_of(world, app).state is BaseState.CURRENT
    registry = SourceId(SourceKind.REGISTRY, A)
    world.tell(HealthChanged(SourceHealth(registry, SourceState.OK, world.clock, surveyed=False)))
    assert link_of(world, app).state is state
    world.tell(HealthChanged(SourceHealth(registry, SourceState.OK, world.clock)))
    assert link_of(world, app).state is BaseState.CURRENT


@pytest.mark.parametrize(("tag", "state"), [("20", BaseState.OUTDATED), ("20.3", BaseState.OUTDATED), ("lts", BaseState.CURRENT)])
def test_a_claimed_tag_decides(tag: str, state: BaseState) -> None:
    """`20.3` still names the build, but as an exact version it is behind 20.4."""
    world, app, old, new = estate(name=f"{BASE}:{tag}")
    bases(world, v20=new, v20_3=old, v20_4=new, lts=old)
    link = link_of(world, app)
    assert (link.state, link.tag) == (state, tag)
    assert check(image(world.snapshot(), app), CheckName.BASE).state is (
        State.WARN if state is BaseState.OUTDATED else State.PASS
    )


def test_an_annotation_with_the_digest_of_today_does_not_make_old_layers_new() -> None:
    """The layers say which build it is, the annotation from which tag: another tag of the old build is no excuse."""
    for others in ((), ("20-old",)):
        world = World()
        old, new = world.manifest(BASE, "ab"), world.manifest(BASE, "ac")
        app = world.manifest(APP, "abx", "1", says={BASE_NAME: f"{BASE}:20", BASE_DIGEST: new})
        world.list_tags(BASE, {"20": new, **dict.fromkeys(others, old)})
        link = link_of(world, app)
        assert (link.base.digest, link.tag, link.state) == (old, "20", BaseState.OUTDATED)
        assert "20 has moved on" in link.state_reason
        assert "the layers are those of another build of it" in link.contradictions[0]


def test_an_annotation_alone_proves_no_base() -> None:
    """No layer is shared with the base that it names: squashed or a lie, that cannot be told."""
    world = World()
    base = world.manifest(BASE, "ab")
    app = world.manifest(APP, "xyz", "1", says={BASE_NAME: f"{BASE}:20", BASE_DIGEST: base})
    bases(world, v20=base)
    link = link_of(world, app)
    assert (link.basis, link.confidence, link.state) == (Basis.ANNOTATION, Confidence.CLAIMED, BaseState.UNKNOWN)
    assert "its layers do not show it" in link.state_reason
    assert check(image(world.snapshot(), app), CheckName.BASE).state is State.UNKNOWN


@pytest.mark.parametrize("says", ["", "12.1", "12"])
def test_an_old_base_below_a_new_one_is_told_alike_by_layers_and_by_claims(says: str) -> None:
    world = World()
    old, new = world.manifest(f"{A}/base/os", "o"), world.manifest(f"{A}/base/os", "n")
    base = world.manifest(BASE, "op", says={BASE_NAME: f"{A}/base/os:{says}", BASE_DIGEST: old} if says else {})
    app = world.manifest(APP, "opx", "1", says={BASE_NAME: f"{BASE}:3", BASE_DIGEST: base} if says else {})
    world.list_tags(f"{A}/base/os", {"12.1": old, "12": new, "12.2": new})
    world.list_tags(BASE, {"3": base})
    for each in (base, app):
        assert check(image(world.snapshot(), each), CheckName.BASE).state is State.WARN, each


def test_layers_and_an_annotation_that_name_different_bases_are_both_told() -> None:
    world = World()
    base, other = world.manifest(BASE, "ab"), world.manifest(f"{A}/base/other", "oz")
    app = world.manifest(APP, "ozx", "1", says={BASE_NAME: f"{BASE}:20", BASE_DIGEST: base})
    bases(world, v20=base)
    bases(world, f"{A}/base/other", v9=other)
    link = link_of(world, app)
    assert (link.base.repository, link.state) == ("base/other", BaseState.UNKNOWN)
    assert "base/other:9" in link.state_reason
    assert f"{BASE}:20" in link.state_reason


def test_what_a_base_says_of_its_own_base_is_no_doubt_in_what_stands_on_it() -> None:
    """Labels are inherited, and `crane append` copies annotations."""
    world = World()
    squashed_from = world.manifest(f"{A}/base/os", "o")
    says = {BASE_NAME: f"{A}/base/os:12", BASE_DIGEST: squashed_from}
    base = world.manifest(BASE, "ab", says=says)
    app = world.manifest(APP, "abx", "1", says=says)
    bases(world, v20=base)
    bases(world, f"{A}/base/os", v12=squashed_from)
    link = link_of(world, app)
    assert (link.base.digest, link.state) == (base, BaseState.CURRENT)


def test_a_newer_minor_of_a_version_that_is_kept_up_is_told_and_no_fault() -> None:
    world, app, old, new = estate(name=f"{BASE}:3.12")
    bases(world, v3_12=old, v3_12_1=old, v3_13=new, v3_13_0=new)
    link = link_of(world, app)
    assert link.state is BaseState.CURRENT
    assert "3.13 is a newer minor version" in link.state_reason


@pytest.mark.parametrize("how", ["partly", "never", "unread"])
def test_tags_that_are_not_all_known_leave_it_open(how: str) -> None:
    world, app, old, new = estate()
    if how == "partly":
        bases(world, complete=False, v20_3=old)
    if how == "unread":
        bases(world, v20_3=old, v20=new)
        world.fail(BASE, "20", AbsenceKind.THROTTLED)
    link = link_of(world, app)
    assert link.state is BaseState.UNKNOWN
    assert link.state_reason.endswith((".", ")"))


def test_an_exact_version_needs_the_list_where_there_is_one_to_be_had() -> None:
    world, app, old, _ = estate(name=f"{BASE}:20.3")
    world.tag(BASE, old, "20.3")
    assert link_of(world, app).state is BaseState.CURRENT
    world.tell(CatalogListed(SourceId(SourceKind.REGISTRY, A), A, ("base/node", "shop"), True, world.clock))
    assert link_of(world, app).state is BaseState.UNKNOWN


def test_two_claimed_tags_that_differ_are_both_named() -> None:
    world = World()
    old, new = world.manifest(BASE, "ab"), world.manifest(BASE, "ac")
    app = world.manifest(APP, "abx", "1", says={BASE_NAME: f"{BASE}:20"}, labels={BASE_NAME: f"{BASE}:lts"})
    bases(world, v20=new, lts=old)
    link = link_of(world, app)
    assert link.state is BaseState.UNKNOWN
    assert "20: another build now; lts: still this build" in link.state_reason


# ---- under which name


def mirrored(**says: str) -> tuple[World, str, str]:
    """An app whose own base repository is refused, while another registry holds the same content, current under its tag."""
    world = World()
    base = world.manifest(f"{B}/base/node", "ab", "20")
    bases(world, f"{B}/base/node", v20=base)
    says = {f"org.opencontainers.image.base.{key}": value.replace("BASE", base) for key, value in says.items()}
    app = world.manifest(APP, "abx", "1", says=says)
    world.list_tags(APP, {"1": app})
    world.fail(BASE, "20", AbsenceKind.DENIED)
    world.tell(CatalogListed(SourceId(SourceKind.REGISTRY, A), A, ("base/node", "shop"), True, world.clock))
    return world, app, base


@pytest.mark.parametrize(
    "says",
    [
        {"name": f"{BASE}:20", "digest": "BASE"},
        {"name": f"{BASE}:20"},
        {"name": BASE, "digest": "BASE"},
        {"name": f"{A}/team/node:20"},
    ],
)
def test_the_name_that_an_image_claims_is_shown_and_judged(says: dict[str, str]) -> None:
    world, app, _ = mirrored(**says)
    link = link_of(world, app)
    assert str(link.base.name) == says["name"].partition(":20")[0]
    assert link.confidence is not Confidence.CERTAIN
    assert link.state is BaseState.UNKNOWN
    assert link.basis is Basis.ANNOTATION


def test_what_may_be_hidden_is_hung_under_no_other_registry() -> None:
    world, app, _ = mirrored()
    link = link_of(world, app)
    assert link.base.registry == ""
    assert link.state is BaseState.UNKNOWN
    assert world.snapshot().bases[link.base].label.startswith(f"layers as in {B}/base/node@sha256:")


def test_each_image_of_one_content_keeps_what_it_says_itself() -> None:
    world = World()
    here, there = f"{A}/base/node", f"{B}/base/node"
    base = world.manifest(here, "ab", "20")
    world.manifest(there, "ab", "20")
    one = world.manifest(f"{A}/shop", "abx", "1", says={BASE_NAME: f"{here}:20", BASE_DIGEST: base})
    two = world.manifest(f"{B}/shop", "abx", "1", says={BASE_NAME: f"{there}:20", BASE_DIGEST: base})
    assert link_of(world, one).base.registry == A
    assert link_of(world, two).base.registry == B


def test_a_choice_between_names_says_so_and_is_current_only_under_both() -> None:
    world = World()
    here, there = f"{A}/base/node", f"{B}/base/node"
    base, new = world.manifest(here, "ab"), world.manifest(there, "ac")
    world.manifest(there, "ab")
    app = world.manifest(APP, "abx", "1")
    bases(world, here, v20=base)
    bases(world, there, v20=base)
    link = link_of(world, app)
    assert (link.base.registry, link.confidence, link.state) == (A, Confidence.LIKELY, BaseState.CURRENT)
    assert f"{there}: nothing says which of them" in link.note
    bases(world, there, v20=new)
    assert link_of(world, app).state is BaseState.UNKNOWN


def test_a_base_that_was_purged_is_not_replaced_by_what_it_stood_on() -> None:
    world = World()
    below = world.manifest("docker.io/library/debian", "ab", "12")
    bases(world, "docker.io/library/debian", v12=below)
    gone = "sha256:" + "9" * 64
    app = world.manifest(APP, "abcx", "1", says={BASE_NAME: f"{BASE}:20", BASE_DIGEST: gone})
    new = world.manifest(BASE, "abz", "20")
    bases(world, v20=new)
    world.list_tags(APP, {"1": app})
    world.tell(CatalogListed(SourceId(SourceKind.REGISTRY, A), A, ("base/node", "shop"), True, world.clock))
    link = link_of(world, app)
    assert (link.base.repository, link.state) == ("base/node", BaseState.OUTDATED)
    node = world.snapshot().bases[link.base]
    assert node.base is not None
    assert node.base.base.repository == "library/debian"


def stepped(world: World, *hours: float) -> None:
    """The layers of all configs were made so many hours ago, the first letter first."""
    for place, event in enumerate(world.events):
        if isinstance(event, ConfigRead):
            times = [NOW - timedelta(hours=each) for each in hours]
            steps = (HistoryEntry(step.created_by, created=at) for step, at in zip(event.config.history, times, strict=False))
            world.events[place] = ConfigRead(msgspec.structs.replace(event.config, history=tuple(steps)))


@pytest.mark.parametrize(("hours", "state"), [((90, 80, 2, 2), BaseState.CURRENT), ((90, 80, 50, 2), BaseState.UNKNOWN)])
def test_a_base_that_was_purged_and_is_named_nowhere_leaves_a_gap(hours: tuple[float, ...], state: BaseState) -> None:
    world = World()
    base = world.manifest(BASE, "ab", "20")
    bases(world, v20=base)
    app = world.manifest(APP, "abcx", "1")
    stepped(world, *hours)
    assert link_of(world, app).state is state


def test_layers_that_two_repositories_share_above_a_base_leave_it_open() -> None:
    world = World()
    base = world.manifest(BASE, "ab", "20")
    bases(world, v20=base)
    app = world.manifest(APP, "abcx", "1")
    assert link_of(world, app).state is BaseState.CURRENT
    world.manifest(f"{A}/cart", "abcy", "1")
    assert link_of(world, app).state is BaseState.UNKNOWN


def test_a_claimed_name_without_a_tag_claims_no_tag() -> None:
    world, app, old, new = estate(name=BASE)
    bases(world, v20=new, latest=old)
    assert link_of(world, app).state is BaseState.UNKNOWN


# ---- platforms, and what was there before


def test_a_base_of_some_platforms_is_not_that_of_the_image() -> None:
    world = World()
    base = world.index(BASE, "ab", "20", platforms=(AMD, ARM))
    bases(world, v20=base)
    world.config("q", ARM, "qr")
    whole = world.index(APP, "abx", "1")
    assert link_of(world, whole).state is BaseState.CURRENT
    mixed = world.index(f"{A}/other", "abx", "1", contents={AMD: "abx", ARM: "qrs"})
    link = link_of(world, mixed)
    assert link.state is BaseState.UNKNOWN
    assert "linux/arm64" in link.state_reason


def test_a_tag_that_names_a_platform_of_the_base_only_is_compared_by_platform() -> None:
    world = World()
    world.index(BASE, "ab")
    arm = world.manifest(BASE, "ab", platform=ARM)
    app = world.manifest(APP, "abx", "1", says={BASE_NAME: f"{BASE}:20"})
    bases(world, v20=arm)
    assert link_of(world, app).state is BaseState.UNKNOWN


def test_a_tag_that_named_another_build_since_before_is_no_candidate() -> None:
    world, app, old, new = estate()
    rows = (Tag("20.3", old, updated=NOW - timedelta(days=2)), Tag("latest", new, updated=NOW - timedelta(days=5)))
    world.tell(TagsListed(SourceId(SourceKind.REGISTRY, A), name_of(BASE), rows, True, world.clock))
    listed = (ManifestListing(old, NOW - timedelta(days=3)), ManifestListing(new, NOW - timedelta(days=6)))
    world.tell(ManifestsListed(SourceId(SourceKind.REGISTRY, A), name_of(BASE), listed, True, world.clock))
    assert link_of(world, app).state is BaseState.CURRENT


def test_a_refused_tag_leaves_the_base_known_and_says_so() -> None:
    """The readable tag has the layers; what the refused one names may be newer."""
    world = World()
    base = world.manifest(BASE, "ab")
    app = world.manifest(APP, "abx", "1")
    bases(world, complete=False, v20=base)
    world.fail(BASE, "latest", AbsenceKind.DENIED)
    link = link_of(world, app)
    assert (link.base.digest, link.state) == (base, BaseState.UNKNOWN)
    assert "whether there is a newer build is unknown" in link.state_reason


def test_what_is_judged_alike_of_many_images_is_kept_once() -> None:
    world, _, _, new = estate()
    bases(world, v20=new)
    for number in range(3):
        world.manifest(f"{APP}/{number}", f"ac{number}", "1")
    images = world.snapshot().images
    links = [images[key].base for key in images if key.repository.startswith("shop/")]
    assert links[0] is not None
    assert len(links) == 3
    assert all(link is links[0] for link in links)

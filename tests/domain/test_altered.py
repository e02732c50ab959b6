"""A registry that answers with other bytes than a digest names is the loudest finding there is."""

from __future__ import annotations

import msgspec
import pytest

from tests.domain.world import World, check, container, digest, image
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.events import AbsenceKind, ManifestRead
from tui.domain.facts.image import Descriptor, Manifest, ManifestKind, Platform
from tui.domain.query.finding import FindingGrouping
from tui.domain.query.findings import find

NAME = "shop.azurecr.io/app"
SAID = "the registry answered with other bytes: app does not match its digest"
OTHER = AbsenceKind.OTHER_BYTES


def test_a_digest_that_lies_fails_the_image_that_runs_it() -> None:
    world = World()
    running = digest("what runs")
    world.fail(NAME, "1", OTHER, SAID)
    world.fail(NAME, running, OTHER, SAID)
    world.run("shop/app", f"{NAME}:1", f"{NAME}@{running}")
    snapshot = world.snapshot()
    judged = check(image(snapshot, running), CheckName.REGISTRY)
    assert (judged.state, judged.brief) == (State.FAIL, "the registry answered with other bytes")
    assert judged.reason.startswith("The registry answered with other bytes: ")
    identity = check(container(snapshot, "app"), CheckName.IDENTITY)
    assert identity.state is State.FAIL
    assert image(snapshot, running).verdict is State.FAIL
    assert "the registry answered with other bytes" in {each.what for each in find(snapshot, FindingGrouping.PROBLEM)}


@pytest.mark.parametrize("part", ["platform", "config"])
def test_a_part_that_lies_fails_the_whole_image_whether_it_runs_or_not(part: str) -> None:
    world = World()
    child, config = digest("child"), digest("config")
    if part == "platform":
        children = (Descriptor("m", child, 1, Platform("linux", "amd64")),)
        body = Manifest(digest("index"), ManifestKind.INDEX, "i", 1, children=children)
    else:
        kind = "application/vnd.oci.image.config.v1+json"
        layers = (Descriptor("application/vnd.oci.image.layer.v1.tar", digest("layer"), 1),)
        body = Manifest(digest("image"), ManifestKind.IMAGE, "m", 1, Descriptor(kind, config, 1), layers)
    top = world.read(NAME, body)
    world.tag(NAME, top, "1")
    world.fail(NAME, child if part == "platform" else config, OTHER, SAID)
    assert check(image(world.snapshot(), top), CheckName.REGISTRY).state is State.FAIL


def test_it_is_taken_back_when_the_registry_answers_rightly() -> None:
    world = World()
    found = world.manifest(NAME, "ab", "1")
    world.fail(NAME, found, OTHER, SAID)
    assert check(image(world.snapshot(), found), CheckName.REGISTRY).brief == "the registry answered with other bytes"
    world.manifest(NAME, "ab", "1")
    assert check(image(world.snapshot(), found), CheckName.REGISTRY).brief != "the registry answered with other bytes"


def test_a_list_or_a_header_takes_nothing_back_of_what_the_body_of_a_tag_refutes() -> None:
    world = World()
    found = world.manifest(NAME, "ab")
    world.run("shop/app", f"{NAME}:1", f"{NAME}@{found}")
    world.fail(NAME, "1", OTHER, SAID)
    world.list_tags(NAME, {"1": found})  # the digest of a header, or of a list: no content came with it
    snapshot = world.snapshot()
    assert check(container(snapshot, "app"), CheckName.IDENTITY).state is State.FAIL
    assert check(image(snapshot, found), CheckName.REGISTRY).brief == "the registry answered with other bytes"
    assert image(snapshot, found).verdict is State.FAIL
    world.tag(NAME, found, "1")
    snapshot = world.snapshot()
    assert check(container(snapshot, "app"), CheckName.IDENTITY).state is State.PASS
    assert check(image(snapshot, found), CheckName.REGISTRY).brief != "the registry answered with other bytes"


def test_a_digest_that_lies_fails_although_a_tag_leads_to_its_content() -> None:
    world = World()
    found = world.manifest(NAME, "ab", "1")
    world.run("shop/app", f"{NAME}:1", f"{NAME}@{found}")
    world.fail(NAME, found, OTHER, SAID)
    read = next(event for event in world.events if isinstance(event, ManifestRead))
    world.tell(msgspec.structs.replace(read, at=world.clock, reference="1"))
    world.list_manifests(NAME, found)
    snapshot = world.snapshot()
    assert check(image(snapshot, found), CheckName.REGISTRY).state is State.FAIL
    assert check(container(snapshot, "app"), CheckName.IDENTITY).state is State.FAIL
    world.tell(msgspec.structs.replace(read, at=world.clock))
    assert check(container(world.snapshot(), "app"), CheckName.IDENTITY).state is State.PASS


def test_a_declared_image_whose_name_is_answered_with_other_bytes_fails_too() -> None:
    world = World()
    world.fail(NAME, "1", OTHER, SAID)
    world.deployment("shop/app", f"{NAME}:1", desired=0)
    assert check(container(world.snapshot(), "app"), CheckName.IDENTITY).state is State.FAIL


@pytest.mark.parametrize("kind", [OTHER, AbsenceKind.DENIED, AbsenceKind.UNTRUSTED, AbsenceKind.UNREACHABLE])
@pytest.mark.parametrize("runs", [False, True])
def test_a_version_that_could_not_be_read_is_shown_with_the_reason(kind: AbsenceKind, runs: bool) -> None:
    world = World()
    found = digest("unread")
    world.list_tags(NAME, {"1": found})
    world.fail(NAME, found, kind, "the reason why")
    if runs:
        world.run("shop/app", f"{NAME}:1", f"{NAME}@{found}")
    judged = image(world.snapshot(), found)
    assert judged.tags == ("1",)
    for name in (CheckName.BASE, CheckName.AGE):
        assert check(judged, name).state is State.UNKNOWN
        assert "he reason why" in check(judged, name).reason
    assert (check(judged, CheckName.REGISTRY).brief == "the registry answered with other bytes") is (kind is OTHER)


def test_what_is_gone_or_was_not_asked_is_not_shown_as_an_image() -> None:
    world = World()
    found = digest("unread")
    world.list_tags(NAME, {"1": found})
    for kind in (AbsenceKind.MANIFEST_UNKNOWN, AbsenceKind.NOT_ASKED):
        world.fail(NAME, found, kind)
        assert not world.snapshot().images

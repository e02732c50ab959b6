"""Manifests, indexes and configs joined to images: what is one image, what is none, and what is the same under another name."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.domain.world import AMD, ARM, MANIFEST_TYPE, NOW, A, B, World, digest, image, name_of
from tui.domain.facts.events import ManifestRead, ManifestsListed, SourceId, SourceKind
from tui.domain.facts.image import Descriptor, Manifest, ManifestKind, ManifestListing, Platform
from tui.domain.registries.catalog import Catalog
from tui.domain.registries.joining import join
from tui.domain.snapshot.snapshot import ImageKey

APP = f"{A}/app"


def catalog(world: World) -> Catalog:
    """The images of the world's registries."""
    return join(world.inventory().freeze().images)


def key(found: str, name: str = APP) -> ImageKey:
    """The key of an image."""
    registry, _, repository = name.partition("/")
    return ImageKey(registry, repository, found)


def test_an_index_with_its_platforms_and_their_configs_is_one_image() -> None:
    world = World()
    index = world.index(APP, "new", "1", "latest")
    (known,) = catalog(world).images.values()
    assert known.key == key(index)
    assert known.digests == (index, digest(f"manifest new {AMD} "), digest(f"manifest new {ARM} "))
    assert set(known.configs) == {digest(f"config new {AMD}"), digest(f"config new {ARM}")}
    assert known.platforms == (AMD, ARM)
    assert known.tags == ("1", "latest")
    assert known.complete


def test_a_tag_on_a_platform_manifest_is_a_tag_of_the_image() -> None:
    world = World()
    index = world.index(APP, "new", "1")
    world.tag(APP, digest(f"manifest new {ARM} "), "1-arm64")
    (known,) = catalog(world).images.values()
    assert known.key == key(index)
    assert set(known.tags) == {"1", "1-arm64"}


def test_attestations_are_no_platforms() -> None:
    world = World()
    index = world.index(APP, "new", "1", attested=True)
    (known,) = catalog(world).images.values()
    assert known.key == key(index)
    assert known.platforms == (AMD, ARM)


def test_a_platform_that_two_indexes_share_belongs_to_both_and_the_tagged_one_is_shown() -> None:
    world = World()
    old = world.index(APP, "new", "1")
    new = world.index(APP, "new", "1", contents={ARM: "newer"})
    found = catalog(world)
    shared = digest(f"manifest new {AMD} ")
    assert found.holding(name_of(APP), shared) == (key(new), key(old))
    assert found.holding(name_of(APP), old) == (key(old),)


@pytest.mark.parametrize(
    "tags",
    [(), (f"sha256-{'a' * 64}",), (f"sha256-{'a' * 64}.sig",), (f"sha256-{'a' * 64}.att",), (f"sha256-{'a' * 64}.sbom",)],
)
def test_attached_artifacts_are_no_images(tags: tuple[str, ...]) -> None:
    world = World()
    subject = world.manifest(APP, "new", "1")
    world.attach(APP, subject, *tags)
    assert list(catalog(world).images) == [key(subject)]


def test_an_image_under_the_tag_of_an_artifact_alone_is_none() -> None:
    """cosign's old signatures are image manifests: only the tag tells (facts: cosign tag schema)."""
    world = World()
    subject = world.manifest(APP, "new", "1")
    world.manifest(APP, "signature", f"sha256-{subject.partition(':')[2]}.sig")
    assert list(catalog(world).images) == [key(subject)]


def test_an_index_of_artifacts_alone_is_no_image() -> None:
    """The fallback of the referrers tag schema is an index of what is attached (OCI distribution-spec)."""
    world = World()
    subject = world.manifest(APP, "new", "1")
    attached = Descriptor(MANIFEST_TYPE, world.attach(APP, subject), 10, artifact_type="application/vnd.cncf.notary.signature")
    body = Manifest(digest("fallback"), ManifestKind.INDEX, "application/vnd.oci.image.index.v1+json", children=(attached,))
    world.tell(ManifestRead(SourceId(SourceKind.REGISTRY, A), name_of(APP), body, world.clock))
    world.tag(APP, digest("fallback"), "referrers")
    assert list(catalog(world).images) == [key(subject)]


def test_an_index_whose_platforms_were_not_read_is_an_image_that_is_not_complete() -> None:
    world = World()
    child = Descriptor(MANIFEST_TYPE, digest("unread"), 10, AMD)
    body = Manifest(digest("index"), ManifestKind.INDEX, "application/vnd.oci.image.index.v1+json", children=(child,))
    world.tell(ManifestRead(SourceId(SourceKind.REGISTRY, A), name_of(APP), body, world.clock))
    (known,) = catalog(world).images.values()
    assert known.digests == (digest("index"), digest("unread"))
    assert (known.platforms, known.complete, known.size) == ((AMD,), False, None)


def test_an_index_that_names_itself_ends() -> None:
    world = World()
    own = Descriptor(MANIFEST_TYPE, digest("loop"), 10)
    body = Manifest(digest("loop"), ManifestKind.INDEX, "application/vnd.oci.image.index.v1+json", children=(own,))
    world.tell(ManifestRead(SourceId(SourceKind.REGISTRY, A), name_of(APP), body, world.clock))
    world.tag(APP, digest("loop"), "1")
    assert not catalog(world).images


def test_a_listed_tag_is_an_image_before_its_manifest_is_read() -> None:
    world = World()
    world.list_manifests(APP, digest("unread"), pushed=NOW - timedelta(days=3))
    world.list_tags(APP, {"1": digest("unread")})
    (known,) = catalog(world).images.values()
    assert (known.tags, known.pushed, known.complete) == (("1",), NOW - timedelta(days=3), False)


@pytest.mark.parametrize(
    ("media_type", "count"),
    [
        ("", 1),
        ("application/vnd.oci.image.config.v1+json", 1),
        ("application/vnd.docker.container.image.v1+json", 1),
        ("application/vnd.cncf.helm.config.v1+json", 0),
        ("application/vnd.unknown.config.v1+json", 0),
    ],
)
def test_what_a_list_says_to_be_an_artifact_is_no_image(media_type: str, count: int) -> None:
    world = World()
    row = ManifestListing(digest("unread"), config_media_type=media_type)
    world.tell(ManifestsListed(SourceId(SourceKind.REGISTRY, A), name_of(APP), (row,), True, world.clock))
    world.list_tags(APP, {"1": digest("unread")})
    assert len(catalog(world).images) == count


def test_the_same_content_elsewhere_is_an_alias_and_another_image() -> None:
    world = World()
    mine = world.manifest(APP, "new", "1")
    other = world.manifest(f"{B}/mirror", "new", "1", salt="zstd")
    found = catalog(world)
    assert found.same_content(key(mine)) == (key(other, f"{B}/mirror"),)
    assert found.by_config[digest(f"config new {AMD}")] == (key(mine), key(other, f"{B}/mirror"))
    assert found.same_content(ImageKey("", "", "")) == ()


def test_a_purged_image_has_no_tags_and_says_why() -> None:
    world = World()
    found = world.manifest(APP, "new", "1")
    world.purge(APP, found, "1")
    (known,) = catalog(world).images.values()
    assert known.tags == ()
    assert "deleted or purged" in known.absent


@pytest.mark.parametrize("days", [365 * 56, 365 * 46, 365 * 2000])
def test_a_clock_that_was_reset_is_not_believed(days: int) -> None:
    """Reproducible builds write 1970, buildpacks 1980, Go's zero time the year 1."""
    world = World()
    world.manifest(APP, "new", "1", days=days)
    (known,) = catalog(world).images.values()
    assert known.created is None


def test_the_platform_of_most_nodes_says_the_size() -> None:
    world = World()
    world.index(APP, "abc", "1", contents={ARM: "abcde"})
    assert [known.size for known in catalog(world).images.values()] == [3 * 1000 + 100]


def test_an_image_is_shown_with_its_best_tag_first() -> None:
    world = World()
    found = world.manifest(APP, "new", "latest", "1", "1.2.3")
    assert image(world.snapshot(), found).tags[0] == "1.2.3"


def test_variants_of_a_platform_are_chosen_as_containerd_does() -> None:
    """containerd/platforms compare.go: a node that says only `arm64` runs v8 before a bare entry, and `arm` v7 before v6."""
    world = World()
    arm7, arm6 = Platform("linux", "arm", "v7"), Platform("linux", "arm", "v6")
    index = world.index(APP, "new", "1", platforms=(arm6, arm7))
    contents = catalog(world).contents
    assert contents.on(index, Platform("linux", "arm")) == frozenset({digest(f"config new {arm7}")})
    assert contents.on(index, arm6) == frozenset({digest(f"config new {arm6}")})
    assert contents.on(index, AMD) == frozenset()
    assert contents.on(digest("nowhere"), AMD) is None

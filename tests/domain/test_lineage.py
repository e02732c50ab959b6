"""The lineage of images: what layers, history and claims make of each other.

The cases are the traps and habits of real builders (BuildKit, buildah, ko, crane, Jib, buildpacks, Copacetic) as observed,
and those of the OCI image specification.
"""

from __future__ import annotations

import msgspec
import pytest

from tests.domain.lineage_kit import AMD, ARM, REGISTRY, content, digest, key, make
from tui.domain.facts.image import Claim, ClaimKind
from tui.domain.lineage.graph import Lineage
from tui.domain.snapshot.snapshot import Basis, Confidence, ImageKey, NodeKind

ABSENT = digest("a base that nobody has")


def says(kind: ClaimKind, name: str = "", value: str = "", *, scratch: bool = False) -> Claim:
    return Claim(kind, f"{REGISTRY}/{name}" if name else "", value, scratch)


def annotation(name: str, value: str = "") -> Claim:
    return says(ClaimKind.ANNOTATION, name, value)


def base_of(lineage: Lineage, name: str) -> str:
    link = lineage.links.get(key(name))
    return link.base.repository if link is not None else ""


# ---- layers and history


def test_an_image_stands_on_the_longest_chain_that_begins_its_own() -> None:
    lineage = make(content("debian", "a"), content("python", "ab"), content("app", "abc"))
    link = lineage.links[key("app")]
    assert link.base == key("python")
    assert (link.basis, link.confidence, link.layers) == (Basis.LAYERS, Confidence.CERTAIN, 2)
    assert lineage.roots == (key("debian"),)
    assert lineage.derived == {key("debian"): (key("python"),), key("python"): (key("app"),)}
    assert lineage.parents[digest("config app")] == digest("config python")


def test_a_label_only_child_stands_on_the_image_of_the_same_layers() -> None:
    lineage = make(content("base", "a", "a"), content("labelled", "a", "a-l"), content("app", "ab", "a-lb"))
    assert base_of(lineage, "labelled") == "base"
    assert base_of(lineage, "app") == "labelled"


def test_history_decides_between_siblings_of_the_same_layers() -> None:
    siblings = [content("base", "a", "a"), content("one", "a", "a-x"), content("two", "a", "a-y")]
    lineage = make(*siblings, content("on-one", "ab", "a-xb"), content("on-two", "ab", "a-yb"), content("on-base", "ab", "ab"))
    assert [base_of(lineage, name) for name in ("on-one", "on-two", "on-base")] == ["one", "two", "base"]


@pytest.mark.parametrize(
    ("base", "child", "score"),
    [("a", "", 0.90), ("", "ab", 0.90), ("a", "xy", 0.75)],
)
def test_layers_that_no_history_confirms_are_likely(base: str, child: str, score: float) -> None:
    link = make(content("base", "a", base), content("app", "ab", child)).links[key("app")]
    assert (link.base, link.basis, link.confidence) == (key("base"), Basis.LAYERS, Confidence.LIKELY)
    assert link.score == pytest.approx(score)


def test_twins_are_siblings_and_not_parent_and_child() -> None:
    lineage = make(content("base", "a"), content("one", "ab"), content("two", "ab"))
    assert base_of(lineage, "one") == base_of(lineage, "two") == "base"


def test_images_without_layers_match_nothing() -> None:
    lineage = make(content("empty", "", ""), content("void", "", ""), content("app", "a"))
    assert not lineage.links
    assert len(lineage.roots) == 3


def test_chains_of_different_platforms_never_meet() -> None:
    base = content("base", "a")
    other = content("app", "ab", platform=ARM)
    lineage = make(base, other, content("windows", "ab", platform=ARM))
    assert key("app") not in lineage.links


def test_a_variant_that_is_the_usual_one_is_no_other_platform() -> None:
    base = content("base", "a", platform=ARM)
    plain = content("app", "ab", platform=ARM)
    app = msgspec.structs.replace(plain, platform=msgspec.structs.replace(ARM, variant="v8"))
    assert base_of(make(base, app), "app") == "base"


# ---- names


def test_a_content_in_a_mirror_is_the_same_content_and_each_child_stays_in_its_registry() -> None:
    base = content("base", "a", images=(key("base"), key("base", "mirror.io")))
    app = content("app", "ab", images=(key("app"), key("app", "mirror.io")))
    lineage = make(base, app)
    assert lineage.links[key("app")].base == key("base")
    assert lineage.links[key("app", "mirror.io")].base == key("base", "mirror.io")


def test_the_name_in_the_claim_is_shown_when_it_means_that_content() -> None:
    base = content("base", "a", images=(key("base"), key("base", "mirror.io")))
    app = content("app", "ab", None, Claim(ClaimKind.ANNOTATION, "mirror.io/base:1", key("base", "mirror.io").digest))
    link = make(base, app).links[key("app")]
    assert link.base == key("base", "mirror.io")
    assert link.tag == "1"
    assert link.basis is Basis.LAYERS


def test_a_version_tag_makes_the_shown_name() -> None:
    base = content("base", "a", images=(key("base"), key("base#2"), key("copy")))
    link = make(base, content("app", "ab"), names={key("base#2"): ("latest", "1.2.3", "1.2")}).links[key("app")]
    assert (link.base, link.tag) == (key("base#2"), "1.2.3")


# ---- unknown bases


def test_layers_that_two_repositories_share_are_an_unknown_base() -> None:
    lineage = make(content("one", "abx"), content("two", "aby"))
    (base,) = lineage.bases.values()
    assert (base.kind, base.layers, base.repositories) == (NodeKind.SHARED_LAYERS, 2, 2)
    assert lineage.derived[base.key] == (key("one"), key("two"))
    assert lineage.roots == (base.key,)


@pytest.mark.parametrize(
    ("layers", "words"),
    [("a", "2 repositories share 1 layer that belongs to"), ("ab", "2 repositories share 2 layers that belong to")],
)
def test_how_many_layers_belong_to_no_image_is_told_in_words(layers: str, words: str) -> None:
    (base,) = make(content("one", f"{layers}x"), content("two", f"{layers}y")).bases.values()
    assert base.reason == f"{words} no known image."


@pytest.mark.parametrize(
    "contents",
    [
        pytest.param([content("app", "abx"), content("app#2", "aby")], id="a build cache inside one repository"),
        pytest.param(
            [content("app", "abx", images=(key("app"), key("app", "mirror.io"))), content("app#2", "aby", registry="mirror.io")],
            id="a mirror of the repository",
        ),
        pytest.param([content("k", "a"), content("one", "abx"), content("two", "aby")], id="two over a known base"),
    ],
)
def test_layers_shared_for_another_reason_are_no_unknown_base(contents: list[object]) -> None:
    assert not make(*contents).bases  # type: ignore[arg-type]


def test_an_unknown_base_may_stand_on_a_known_one() -> None:
    lineage = make(content("known", "a"), *(content(f"app{x}", f"ab{x}") for x in "xyz"))
    (base,) = lineage.bases.values()
    assert base.base is not None
    assert base.base.base == key("known")
    assert lineage.links[key("appx")].base == base.key


def test_an_unknown_base_of_two_platforms_is_one() -> None:
    both = [
        content(name, layers, platform=platform) for name, layers in (("one", "abx"), ("two", "aby")) for platform in (AMD, ARM)
    ]
    lineage = make(*both)
    assert len(lineage.bases) == 1
    assert "Mixed" not in lineage.links[key("one")].note


def test_an_unknown_base_bears_the_name_that_all_its_images_give_it() -> None:
    claims = annotation("gone/base:1", ABSENT)
    lineage = make(content("one", "abx", None, claims), content("two", "aby", None, claims))
    (base,) = lineage.bases.values()
    assert base.key == ImageKey(REGISTRY, "gone/base", ABSENT)
    assert base.kind is NodeKind.CLAIMED


def test_nothing_is_assumed_under_an_image_built_from_scratch() -> None:
    scratch = says(ClaimKind.PROVENANCE, scratch=True)
    lineage = make(content("one", "abx", None, scratch), content("two", "aby"))
    assert not lineage.bases
    assert "scratch" in lineage.remarks[key("one")][0]


# ---- claims


def test_a_claim_that_the_layers_confirm_is_certain() -> None:
    link = make(content("base", "a", ""), content("app", "ab", "ab", annotation("base:1", key("base").digest))).links[key("app")]
    assert (link.base, link.basis, link.confidence, link.tag) == (key("base"), Basis.LAYERS, Confidence.CERTAIN, "1")
    assert not link.contradictions


@pytest.mark.parametrize("value", [digest("config base"), key("base").digest, digest("platform manifest of base")])
def test_a_claimed_digest_may_be_of_the_index_the_manifest_or_the_config(value: str) -> None:
    alias = {digest("platform manifest of base"): (digest("config base"),)}
    link = make(content("base", "a"), content("app", "z", "z", annotation("base:1", value)), aliases=alias).links[key("app")]
    assert link.base == key("base")


def test_a_squashed_image_stands_on_what_its_annotation_names() -> None:
    link = make(content("base", "a"), content("app", "z", "z", annotation("base:1", key("base").digest))).links[key("app")]
    assert (link.base, link.basis, link.confidence) == (key("base"), Basis.ANNOTATION, Confidence.CLAIMED)
    assert "squashed" in link.note


def test_a_lying_annotation_never_overrides_the_layers() -> None:
    lineage = make(
        content("base", "a"), content("trusted", "t"), content("app", "ab", None, annotation("trusted:1", key("trusted").digest))
    )
    link = lineage.links[key("app")]
    assert (link.base, link.basis) == (key("base"), Basis.LAYERS)
    assert "trusted" in link.contradictions[0]


def test_an_inherited_label_names_an_ancestor_and_the_deeper_edge_stays() -> None:
    label = says(ClaimKind.LABEL, "debian:12", key("debian").digest)
    lineage = make(content("debian", "a"), content("python", "ab", None, label), content("app", "abc", None, label))
    assert base_of(lineage, "python") == "debian"
    assert base_of(lineage, "app") == "python"
    assert "further down" in lineage.links[key("app")].contradictions[0]


def test_annotations_that_crane_copied_from_the_base_name_an_ancestor() -> None:
    """`crane append` copies the base's own annotations and adds a step without a command."""
    copied = annotation("debian:12", key("debian").digest)
    lineage = make(content("debian", "a"), content("base", "ab", None, copied), content("app", "abc", "ab ", copied))
    assert base_of(lineage, "app") == "base"


def test_a_deleted_base_that_is_only_claimed_has_a_node() -> None:
    lineage = make(content("app", "ab", None, annotation("gone:1", ABSENT)))
    link = lineage.links[key("app")]
    assert link.base == ImageKey(REGISTRY, "gone", ABSENT)
    assert (link.confidence, link.tag) == (Confidence.CLAIMED, "1")
    assert lineage.bases[link.base].kind is NodeKind.CLAIMED


def test_a_claimed_base_over_shared_layers_stands_on_them() -> None:
    lineage = make(
        content("one", "abx", None, annotation("gone/a:1", ABSENT)),
        content("two", "aby", None, annotation("gone/b:1", digest("another"))),
    )
    node = lineage.bases[ImageKey(REGISTRY, "gone/a", ABSENT)]
    assert node.base is not None
    assert lineage.bases[node.base.base].kind is NodeKind.SHARED_LAYERS


def test_a_base_that_is_nowhere_resolves_by_its_name() -> None:
    """`buildah --layers` names a local step's digest; the name is right."""
    base, app = content("base", "a"), content("app", "ab", "", annotation("base:1", ABSENT))
    lineage = make(base, app, tags={"r.io/base:1": key("base").digest})
    link = lineage.links[key("app")]
    assert (link.base, link.tag, link.basis) == (key("base"), "1", Basis.LAYERS)
    assert not lineage.bases


def test_a_tag_that_has_moved_is_not_taken_for_what_the_image_was_built_on() -> None:
    moved = make(
        content("base", "n"), content("app", "ab", None, annotation("base:1", ABSENT)), tags={"r.io/base:1": key("base").digest}
    )
    assert moved.links[key("app")].base == ImageKey(REGISTRY, "base", ABSENT)


def test_an_image_that_names_itself_says_nothing() -> None:
    assert not make(content("app", "ab", None, annotation("app:1", key("app").digest))).links


def test_claims_in_a_circle_are_cut() -> None:
    one = content("one", "a", None, annotation("two:1", key("two").digest))
    two = content("two", "b", None, annotation("one:1", key("one").digest))
    lineage = make(one, two)
    assert len(lineage.links) == 1
    assert any("itself built on it" in text for texts in lineage.remarks.values() for text in texts)


def test_unsigned_provenance_that_says_scratch_is_contradicted_by_layers_and_history() -> None:
    scratch = says(ClaimKind.PROVENANCE, scratch=True)
    signed = says(ClaimKind.PROVENANCE_SIGNED, scratch=True)
    base = content("base", "a")
    link = make(base, content("app", "ab", None, scratch)).links[key("app")]
    assert "scratch" in link.contradictions[0]
    assert not make(base, content("app", "ab", None, signed)).links


@pytest.mark.parametrize(
    ("kind", "basis", "confidence"),
    [
        (ClaimKind.CONFIGURED, Basis.CONFIGURED, Confidence.CERTAIN),
        (ClaimKind.PROVENANCE_SIGNED, Basis.PROVENANCE, Confidence.LIKELY),
        (ClaimKind.PROVENANCE, Basis.PROVENANCE, Confidence.LIKELY),
        (ClaimKind.BUILD_RUN, Basis.BUILD_RECORD, Confidence.LIKELY),
        (ClaimKind.BUILDPACK, Basis.BUILD_RECORD, Confidence.LIKELY),
        (ClaimKind.COPA, Basis.BUILD_RECORD, Confidence.LIKELY),
        (ClaimKind.BUILDINFO, Basis.BUILD_RECORD, Confidence.LIKELY),
        (ClaimKind.ANNOTATION, Basis.ANNOTATION, Confidence.CLAIMED),
        (ClaimKind.LABEL, Basis.ANNOTATION, Confidence.CLAIMED),
        (ClaimKind.NAME, Basis.ANNOTATION, Confidence.CLAIMED),
    ],
)
def test_each_kind_of_claim_has_its_basis_and_confidence(kind: ClaimKind, basis: Basis, confidence: Confidence) -> None:
    link = make(content("app", "ab", None, says(kind, "gone:1", ABSENT))).links[key("app")]
    assert (link.basis, link.confidence) == (basis, confidence)


def test_the_configuration_wins_and_the_layers_are_said_to_disagree() -> None:
    lineage = make(
        content("base", "a"),
        content("own", "o"),
        content("app", "ab", None, says(ClaimKind.CONFIGURED, "own:1", key("own").digest)),
    )
    link = lineage.links[key("app")]
    assert (link.base, link.basis) == (key("own"), Basis.CONFIGURED)
    assert link.contradictions


def test_of_two_claims_the_better_wins_and_the_other_is_kept() -> None:
    build_run = says(ClaimKind.BUILD_RUN, "real:1", ABSENT)
    link = make(content("app", "ab", None, annotation("other:1", digest("x")), build_run)).links[key("app")]
    assert link.base.repository == "real"
    assert "other" in link.contradictions[0]


def test_what_is_no_reference_is_said_and_links_nothing() -> None:
    claim = Claim(ClaimKind.ANNOTATION, "NOT a reference \x1b[31m", "sha256:zz")
    lineage = make(content("app", "ab", None, claim))
    assert not lineage.links
    assert all(text.isprintable() for texts in lineage.remarks.values() for text in texts)


# ---- several platforms


def test_an_index_stands_on_what_its_platforms_stand_on() -> None:
    both = [
        content(name, layers, platform=platform) for name, layers in (("base", "a"), ("app", "ab")) for platform in (AMD, ARM)
    ]
    link = make(*both).links[key("app")]
    assert link.base == key("base")
    assert "Mixed" not in link.note


def test_platforms_that_disagree_are_said_to_be_mixed() -> None:
    lineage = make(
        content("one", "a"),
        content("two", "b", platform=ARM),
        content("app", "ax"),
        content("app", "by", platform=ARM),
    )
    assert "Mixed" in lineage.links[key("app")].note


def test_an_index_pushed_again_for_another_platform_covers_more_of_the_child() -> None:
    amd = content("base", "a", images=(key("base"), key("base#2")))
    arm = content("base", "a", platform=ARM, images=(key("base#2"),))
    lineage = make(amd, arm, content("app", "ab"), content("app", "ab", platform=ARM))
    assert lineage.links[key("app")].base == key("base#2")


def test_indexes_that_stand_on_each_other_make_no_circle() -> None:
    lineage = make(
        content("one", "a"), content("one", "xy", platform=ARM), content("two", "ab"), content("two", "x", platform=ARM)
    )
    assert len(lineage.links) == 1


# ---- habits of builders


def test_a_base_whose_steps_are_all_empty_but_the_last_still_begins_the_child() -> None:
    """`buildah bud` without `--layers`: the one layer belongs to the last step."""
    lineage = make(content("base", "a", "-f-rc"), content("app", "ab", "-f-rc-xd"))
    assert lineage.links[key("app")].confidence is Confidence.CERTAIN


def test_a_patched_image_stands_on_the_original() -> None:
    """Copacetic adds one layer to the image that the label names, by tag only."""
    patched = content("app#2", "abp", "abp", says(ClaimKind.COPA, "app:1"))
    link = make(content("app", "ab"), patched, tags={"r.io/app:1": key("app").digest}).links[key("app#2")]
    assert (link.base, link.tag, link.basis) == (key("app"), "1", Basis.LAYERS)

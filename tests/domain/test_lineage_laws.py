"""Laws of lineage, for any set of images and claims: no circles, no order, no influence of what is unrelated."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.lineage_kit import AMD, ARM, content, digest, key, make
from tui.domain.image import Claim, ClaimKind
from tui.domain.lineage import Content, Lineage
from tui.domain.snapshot import ImageKey

NAMES = [f"img{number}" for number in range(8)]

_claims = st.lists(
    st.builds(
        Claim,
        kind=st.sampled_from(list(ClaimKind)),
        reference=st.one_of(st.just(""), st.sampled_from(NAMES).map(lambda name: f"r.io/{name}:1"), st.just("not A ref")),
        digest=st.one_of(st.just(""), st.sampled_from(NAMES).map(lambda name: key(name).digest), st.just(digest("nowhere"))),
        scratch=st.integers(0, 9).map(lambda number: number == 0),
    ),
    max_size=2,
)


@st.composite
def _contents(draw: st.DrawFn) -> list[Content]:
    made: list[Content] = []
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=8)):
        for platform in draw(st.sampled_from([(AMD,), (ARM,), (AMD, ARM)])):
            layers = draw(st.text("ab", max_size=4))
            steps = draw(st.one_of(st.none(), st.just(""), st.text("ab-", max_size=6)))
            extra = draw(st.sampled_from([(), (key(name), key(name, "mirror.io"))]))
            made.append(content(name, layers, steps, *draw(_claims), platform=platform, images=extra))
    return made


def facts(lineage: Lineage) -> object:
    return lineage.links, lineage.bases, lineage.derived, lineage.roots, lineage.parents, lineage.remarks


TAGS = {f"r.io/{name}:1": key(name).digest for name in NAMES[:4]}


@settings(max_examples=150, deadline=None)
@given(_contents(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(contents: list[Content], order: random.Random) -> None:
    shuffled = list(contents)
    order.shuffle(shuffled)
    assert facts(make(*contents, tags=TAGS)) == facts(make(*shuffled, tags=TAGS))


@settings(max_examples=150, deadline=None)
@given(_contents())
def test_there_are_no_circles_and_every_base_is_a_node(contents: list[Content]) -> None:
    lineage = make(*contents, tags=TAGS)
    images = {image for one in contents for image in one.images}
    nodes = images | set(lineage.bases)
    assert {link.base for link in lineage.links.values()} <= nodes
    for start in nodes:
        seen: set[ImageKey] = set()
        node: ImageKey | None = start
        while node is not None:
            assert node not in seen
            seen.add(node)
            link = lineage.links.get(node) or (lineage.bases[node].base if node in lineage.bases else None)
            node = link.base if link is not None else None
    below = {child for children in lineage.derived.values() for child in children}
    assert below | set(lineage.roots) == nodes
    assert below.isdisjoint(lineage.roots)


@settings(max_examples=100, deadline=None)
@given(_contents())
def test_an_unrelated_image_changes_no_edge(contents: list[Content]) -> None:
    before = make(*contents, tags=TAGS)
    after = make(*contents, content("unrelated", "xyz"), content("unrelated2", "xyzz"), tags=TAGS)
    assert all(after.links[image] == link for image, link in before.links.items())
    assert all(after.bases[base] == node for base, node in before.bases.items())


@settings(max_examples=50, deadline=None)
@given(_contents())
def test_telling_the_same_twice_says_nothing_new(contents: list[Content]) -> None:
    assert facts(make(*contents, *contents, tags=TAGS)) == facts(make(*contents, tags=TAGS))

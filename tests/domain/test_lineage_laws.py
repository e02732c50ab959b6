"""Laws of lineage, for any set of images and claims: no circles, no order, no influence of what is unrelated."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.lineage_kit import AMD, ARM, content, digest, key, make
from tests.laws import examples
from tui.domain.facts.image import Claim, ClaimKind
from tui.domain.lineage.graph import Content, Lineage
from tui.domain.snapshot.snapshot import ImageKey

NAMES = [f"img{number}" for number in range(8)]

REFERENCES = ["", *(f"r.io/{name}:1" for name in NAMES), "not A ref"]
DIGESTS = ["", *(key(name).digest for name in NAMES), digest("nowhere")]
_claims = st.lists(
    st.builds(
        Claim,
        kind=st.sampled_from(list(ClaimKind)),
        reference=st.sampled_from(REFERENCES),
        digest=st.sampled_from(DIGESTS),
        scratch=st.sampled_from([*[False] * 9, True]),
    ),
    max_size=2,
)
_layers = st.sampled_from(["", "a", "b", "ab", "ba", "aba", "abab"])
_steps = st.sampled_from([None, "", "a", "a-b", "ab-", "-aba", "ab-ab"])


@st.composite
def _contents(draw: st.DrawFn) -> list[Content]:
    made: list[Content] = []
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=6)):
        mirrored, platforms = draw(st.booleans()), draw(st.sampled_from([(AMD,), (ARM,), (AMD, ARM)]))
        extra = (key(name), key(name, "mirror.io")) if mirrored else ()
        for platform in platforms:
            made.append(content(name, draw(_layers), draw(_steps), *draw(_claims), platform=platform, images=extra))
    return made


def facts(lineage: Lineage) -> object:
    return lineage.links, lineage.bases, lineage.derived, lineage.roots, lineage.parents, lineage.remarks


TAGS = {f"r.io/{name}:1": key(name).digest for name in NAMES[:4]}


@examples(60)
@given(_contents(), st.data())
def test_the_order_of_the_input_does_not_matter(contents: list[Content], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(contents))
    assert facts(make(*contents, tags=TAGS)) == facts(make(*shuffled, tags=TAGS))


@examples(60)
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


@examples(50)
@given(_contents())
def test_an_unrelated_image_changes_no_edge(contents: list[Content]) -> None:
    before = make(*contents, tags=TAGS)
    after = make(*contents, content("unrelated", "xyz"), content("unrelated2", "xyzz"), tags=TAGS)
    assert all(after.links[image] == link for image, link in before.links.items())
    assert all(after.bases[base] == node for base, node in before.bases.items())


@examples(40)
@given(_contents())
def test_telling_the_same_twice_says_nothing_new(contents: list[Content]) -> None:
    assert facts(make(*contents, *contents, tags=TAGS)) == facts(make(*contents, tags=TAGS))


@examples(60)
@given(_contents(), st.data())
def test_what_is_written_beside_a_step_proves_nothing(contents: list[Content], data: st.DataObject) -> None:
    rewritten = data.draw(st.sets(st.integers(0, max(len(contents) - 1, 0))))
    others = [_rewritten(content, str(number)) if number in rewritten else content for number, content in enumerate(contents)]
    assert facts(make(*others, tags=TAGS)) == facts(make(*contents, tags=TAGS))


def _rewritten(content: Content, comment: str) -> Content:
    """The same content, as a builder writes the history of a base anew."""
    history = tuple(msgspec.structs.replace(entry, comment=comment) for entry in content.history)
    return msgspec.structs.replace(content, history=history)

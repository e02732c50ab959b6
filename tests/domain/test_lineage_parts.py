"""The lineage that is kept and brought up to date part by part is the one that would be built at once."""

from __future__ import annotations

import random
from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.test_core_laws import CONTENTS, PICKS, publish
from tests.domain.world import AMD, A, B, World, digest, name_of
from tests.laws import examples
from tui.domain.common.memo import Trace, changed_keys
from tui.domain.facts.events import AbsenceKind, CatalogListed, SourceId, SourceKind
from tui.domain.facts.facts import ImageFacts
from tui.domain.facts.image import ClaimKind
from tui.domain.facts.inventory.inventory import Inventory
from tui.domain.lineage.genealogy import claims_of_image, content_of, hidden_registries
from tui.domain.lineage.graph import Lineage, build
from tui.domain.lineage.joining import LineageJoin
from tui.domain.registries.catalog import Catalog
from tui.domain.registries.joining import CatalogJoin, join
from tui.domain.registries.presence import Registries, is_attached_tag

NAMES = (f"{A}/base", f"{A}/app", f"{A}/web", f"{B}/lib", f"{B}/base", "c.example.org/base")
CLAIMED = (*(f"{name}:1" for name in NAMES), f"{B}/base", "nowhere.example.org/base:1", f"{A}/base@{digest('nothing')}", "BAD")


def tell_something(world: World, pick: random.Random) -> None:
    """Any word of a registry, or about a base."""
    name = pick.choice(NAMES)
    known = [digest(f"manifest {content} {AMD} ") for content in CONTENTS]
    match pick.randint(0, 9):
        case 0 | 1 | 2:
            publish(world, pick, pick.sample(("1", "2"), pick.randint(0, 2)), name)
        case 3:
            says = {"org.opencontainers.image.base.name": pick.choice(CLAIMED)}
            says |= {"org.opencontainers.image.base.digest": pick.choice(known)} if pick.random() < 0.5 else {}
            world.manifest(name, pick.choice(CONTENTS), pick.choice(("1", "2")), says=says, layers=pick.choice(("", "abq", "xz")))
        case 4:
            world.tag(name, pick.choice(known), pick.choice(("1", "2")))
        case 5:
            world.fail(name, pick.choice(("1", *known)), pick.choice((AbsenceKind.MANIFEST_UNKNOWN, AbsenceKind.DENIED)))
        case 6:
            world.claim(pick.choice(known), pick.choice(CLAIMED), kind=pick.choice((ClaimKind.PROVENANCE, ClaimKind.LABEL)))
        case 7:
            world.list_tags(name, {"1": pick.choice(known)})
        case 8:
            world.list_manifests(name, *pick.sample(known, pick.randint(0, 3)), complete=pick.random() < 0.7)
        case _:
            registry = name_of(name).registry
            there = tuple(name_of(each).repository for each in NAMES if name_of(each).registry == registry)
            world.tell(CatalogListed(SourceId(SourceKind.REGISTRY, registry), registry, there, pick.random() < 0.8, world.clock))


class Kept:
    """The catalog and the lineage, brought up to date."""

    def __init__(self) -> None:
        trace = Trace()
        self._facts = ImageFacts()
        self._joined = CatalogJoin(trace)
        self._registries = Registries(ImageFacts(), trace=trace)
        self._lineage = LineageJoin(trace, self._joined.catalog)

    def of(self, facts: ImageFacts) -> tuple[Catalog, Lineage]:
        """What follows from these facts."""
        before = self._facts
        changed: set[object] = {*facts.manifests.keys() - before.manifests.keys(), *facts.configs.keys() - before.configs.keys()}
        for table in ("last_seen", "tags", "tag_lists", "listings", "failed", "proven", "claims"):
            changed |= changed_keys(getattr(before, table), getattr(facts, table))
        self._facts = facts
        changed |= self._joined.join(facts, changed)
        changed |= self._registries.renew(facts, {}, changed)
        self._lineage.join(facts, self._registries, changed)
        return self._joined.catalog, self._lineage.lineage


def lineage_of(catalog: Catalog, facts: ImageFacts) -> Lineage:
    """Build the lineage of every image whose configuration was read, all at once."""
    registries = Registries(facts)
    tags = {
        (name, tag): presence.digest
        for name, records in facts.tags.items()
        for tag in records
        if not is_attached_tag(tag) and (presence := registries.tag(name, tag)).digest and not presence.gone
    }
    names = {key: image.tags for key, image in catalog.images.items()}
    claims = {key: claims_of_image(image, catalog, facts) for key, image in catalog.images.items()}
    contents = (content_of(config, catalog, claims.__getitem__) for config in catalog.by_config)
    known = tuple(content for content in contents if content is not None)
    return build(known, _aliases(catalog), tags, names, hidden_registries(facts))


def _aliases(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    aliases: dict[str, tuple[str, ...]] = {}
    for image in catalog.images.values():
        aliases[image.key.digest] = image.configs
        for member in image.members:
            if member.config:
                aliases.setdefault(member.manifest, (member.config,))
    return aliases


@examples(150)
@given(PICKS, st.integers(1, 30))
def test_what_is_kept_is_what_would_be_built_at_once(pick: random.Random, number: int) -> None:
    world, inventory, kept = World(), Inventory(), Kept()
    for _ in range(number):
        tell_something(world, pick)
        for event in world.events:
            inventory.apply(event)
            if pick.random() < 0.1:
                kept.of(inventory.freeze().images)
        world.events.clear()
        facts = inventory.freeze().images
        catalog, lineage = kept.of(facts)
        whole = join(facts)
        assert list(catalog.images.items()) == list(whole.images.items())
        assert (catalog.holders, catalog.by_config) == (whole.holders, whole.by_config)
        at_once = lineage_of(whole, facts)
        for field in fields(Lineage):
            one, other = getattr(lineage, field.name), getattr(at_once, field.name)
            assert set(one) == set(other) if field.name == "roots" else one == other, field.name

"""The embedded estate knows what each image was truly built on: read whole, and with one base repository refused at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tui.demo.estate.images import fill
from tui.demo.estate.publisher import ImagePublisher, Published
from tui.demo.registry_contents import Repository
from tui.domain.assemble.assemble import Assembler
from tui.domain.facts.events import (
    CatalogListed,
    ConfigRead,
    Event,
    ManifestRead,
    ManifestsListed,
    SourceId,
    SourceKind,
    TagsListed,
)
from tui.domain.facts.image import ManifestListing, RepositoryName, Tag
from tui.domain.facts.inventory.inventory import Inventory
from tui.domain.policy.policy import built_in
from tui.domain.snapshot.snapshot import BaseState, Image, Snapshot
from tui.sources.registry.parse import read_config, read_manifest

NOW = datetime(2026, 3, 14, tzinfo=UTC)
YARD = fill(1, NOW)


def snapshot(yard: ImagePublisher, refused: str = "") -> Snapshot:
    """The estate as it is read, but for one repository, which its registry lists and does not show."""
    inventory = Inventory()
    for host, shelf in yard.shelves.items():
        names = tuple(sorted(shelf.repositories))
        inventory.apply(CatalogListed(SourceId(SourceKind.REGISTRY, host), host, names, True, NOW))
        for name in names:
            repository = shelf.open(name)
            if repository is not None and f"{host}/{name}" != refused:
                for event in _events(RepositoryName(host, name), repository):
                    inventory.apply(event)
    return Assembler().assemble(inventory.freeze(), built_in(), NOW)


def _events(name: RepositoryName, repository: Repository) -> Iterator[Event]:
    source = SourceId(SourceKind.REGISTRY, name.registry)
    for digest, row in repository.rows.items():
        manifest = read_manifest(row.stored.body, digest)
        yield ManifestRead(source, name, manifest, NOW)
        if manifest.config is not None and manifest.config.digest in repository.blobs and not manifest.subject:
            yield ConfigRead(read_config(repository.blobs[manifest.config.digest], manifest.config.digest))
    tags = tuple(Tag(each.name, each.digest, each.created, each.updated) for each in repository.tags.values())
    yield TagsListed(source, name, tags, True, NOW)
    rows = tuple(ManifestListing(digest, row.created) for digest, row in repository.rows.items())
    yield ManifestsListed(source, name, rows, True, NOW)


def built(found: Snapshot) -> Iterator[tuple[Published, Published, Image]]:
    """Every image with what was published as it, and that as which its base was."""
    images = {(key.registry, key.repository, key.digest): image for key, image in found.images.items()}
    for name, published in YARD.published.items():
        host, _, repository = name.partition("/")
        for one in published:
            image = images.get((host, repository, one.digest))
            if one.base is not None and image is not None:
                yield one, one.base, image


BASES = sorted({one.base.name for published in YARD.published.values() for one in published if one.base is not None})


@pytest.mark.parametrize("refused", ["", *BASES])
def test_no_outdated_base_is_current_and_no_edge_leads_to_another_registry(refused: str) -> None:
    decided = 0
    for one, base, image in built(snapshot(YARD, refused)):
        moved = bool(YARD.floating.get(base.name)) and YARD.newest(base.name).digest != base.digest
        link = image.base
        if link is None:
            continue
        assert not (moved and link.state is BaseState.CURRENT), (one.reference, base.reference, link)
        if link.base.registry:
            assert link.base.registry == base.name.partition("/")[0] or _stands_on(one, link.base.digest), (one.reference, link)
        decided += link.state is not BaseState.UNKNOWN
    assert decided > 50


def _stands_on(one: Published, digest: str) -> bool:
    """Whether a digest is among what a version truly stands on."""
    base = one.base
    while base is not None and base.digest != digest:
        base = base.base
    return base is not None

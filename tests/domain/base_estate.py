"""Estates with known truth for bases: repositories whose tags move, several lines and registries, and what is read of them.

Everything is drawn step by step, so that a failing estate shrinks to the few steps that matter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
from hypothesis import strategies as st

from tests.domain.world import NOW, World, digest, name_of
from tui.domain.facts.events import (
    AbsenceKind,
    CatalogListed,
    ConfigRead,
    Event,
    ManifestsListed,
    SourceId,
    SourceKind,
    TagsListed,
)
from tui.domain.facts.image import HistoryEntry, ManifestListing, Tag

A, B, HUB = "a.azurecr.io", "b.azurecr.io", "docker.io"
BASES = (f"{A}/base/node", f"{B}/base/node", f"{A}/base/jre", f"{HUB}/library/node")
HOMES = (f"{A}/shop", f"{B}/shop", "ghcr.io/acme/shop")
BASE_NAME, BASE_DIGEST = "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest"
WHOLE, PARTLY, REFUSED, UNASKED = "whole", "partly", "refused", "unasked"


@dataclass(slots=True)
class Build:
    """One build of a base: its layers, its variant, what it stands on itself, and where it was pushed when."""

    content: str
    layers: str
    alpine: bool = False
    below: Build | None = None
    pushed: dict[str, int] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The digest of its manifest, the same in every registry."""
        return digest(f"manifest {self.content} linux/amd64 ")


@dataclass(slots=True)
class App:
    """An image with what it was truly built from; `says` is what its annotations tell of that, `lies` whether that is untrue."""

    home: str
    content: str
    layers: str
    repository: str
    tag: str
    build: Build
    says: dict[str, str]
    lies: bool = False


@dataclass(slots=True)
class Estate:
    """What was pushed and built, in order; `tags` names what each tag of a repository names now and since when.

    `made` is when each layer was.
    """

    tags: dict[str, dict[str, tuple[Build, int]]] = field(default_factory=dict)
    kept: dict[str, list[Build]] = field(default_factory=dict)
    apps: list[App] = field(default_factory=list)
    loaded: dict[str, str] = field(default_factory=dict)
    catalogs: set[str] = field(default_factory=set)
    clock: int = 0
    letters: int = 0
    made: dict[str, int] = field(default_factory=dict)

    def letter(self) -> str:
        """A layer that nothing else has, made now."""
        self.letters += 1
        self.clock += 1
        letter = chr(0x100 + self.letters)
        self.made[letter] = self.clock
        return letter

    def push(self, repository: str, build: Build, *tags: str) -> None:
        """A build comes into a repository, under these tags."""
        self.clock += 1
        build.pushed.setdefault(repository, self.clock)
        if build not in self.kept.setdefault(repository, []):
            self.kept[repository].append(build)
        self.tags.setdefault(repository, {}).update(dict.fromkeys(tags, (build, self.clock)))

    def outdated(self, app: App) -> bool:
        """The truth: whether the tag that it was built from names something else now. A deleted one leaves no trace."""
        now = self.tags.get(app.repository, {}).get(app.tag)
        return now is not None and now[0] is not app.build

    def holders(self, build: Build) -> set[str]:
        """The repositories that hold a build."""
        return {repository for repository, builds in self.kept.items() if any(each is build for each in builds)}

    def holders_below(self, build: Build) -> set[str]:
        """The repositories that hold a build or anything that it stands on."""
        below = self.holders_below(build.below) if build.below is not None else set()
        return self.holders(build) | below

    def world(self) -> World:
        """What is read of it today."""
        world = World()
        for repository in sorted(self.kept):
            self._read_base(world, repository)
        homes: dict[str, dict[str, str]] = {}
        for app in self.apps:
            found = world.manifest(app.home, app.content, layers=app.layers, says=app.says)
            homes.setdefault(app.home, {})[app.content] = found
        for home, tags in homes.items():
            world.list_tags(home, tags)
        for registry in sorted(self.catalogs):
            here = [name_of(each) for each in (*self.kept, *homes)]
            names = {name.repository for name in here if name.registry == registry}
            world.tell(CatalogListed(SourceId(SourceKind.REGISTRY, registry), registry, tuple(sorted(names)), True, world.clock))
        world.events = [self._dated(event) for event in world.events]
        return world

    def _dated(self, event: Event) -> Event:
        """A config with the times of its steps."""
        if not isinstance(event, ConfigRead):
            return event
        steps = (HistoryEntry(step.created_by, False, _at(self.made[step.created_by])) for step in event.config.history)
        return ConfigRead(msgspec.structs.replace(event.config, history=tuple(steps)))

    def _read_base(self, world: World, repository: str) -> None:
        how, name = self.loaded.get(repository, WHOLE), name_of(repository)
        source = SourceId(SourceKind.REGISTRY, name.registry)
        if how == UNASKED:
            return
        tags = self.tags.get(repository, {})
        if how == REFUSED:
            for tag in tags:
                world.fail(repository, tag, AbsenceKind.DENIED)
            return
        shown = {tag: now for number, (tag, now) in enumerate(sorted(tags.items())) if how == WHOLE or number % 2 == 0}
        for build in self.kept[repository]:
            if how == WHOLE or any(build is named for named, _ in shown.values()):
                world.manifest(repository, build.content, layers=build.layers)
        rows = tuple(Tag(tag, build.digest, updated=_at(since)) for tag, (build, since) in sorted(shown.items()))
        world.tell(TagsListed(source, name, rows, how == WHOLE, world.clock))
        listed = tuple(ManifestListing(build.digest, _at(build.pushed[repository])) for build in self.kept[repository])
        world.tell(ManifestsListed(source, name, listed if how == WHOLE else (), how == WHOLE, world.clock))


def _at(step: int) -> datetime:
    return NOW - timedelta(days=30) + timedelta(hours=2 * step)


def _push(draw: st.DrawFn, estate: Estate) -> None:
    """A new build of a line, or an import of one into another registry."""
    repository = draw(st.sampled_from(BASES))
    known = [build for builds in estate.kept.values() for build in builds if build not in estate.kept.get(repository, [])]
    imported = draw(st.booleans())
    if known and imported:
        build = draw(st.sampled_from(known))
    else:
        below = draw(st.sampled_from([None, *known]))
        layers = (below.layers if below is not None else "") + estate.letter()
        build = Build(f"base{estate.letters}", layers, draw(st.booleans()), below)
    line = draw(st.sampled_from(["20", "22"]))
    minor = sum(tag.startswith(f"{line}.") for tag in estate.tags.get(repository, {}))
    version = f"{line}.{minor}"
    wanted = [line, version, "latest", "lts", f"{version}.1", f"c0ffee{estate.letters}"]
    if build.alpine:
        wanted = [f"{line}-alpine", f"{version}-alpine", f"{version}-alpine3.20", f"c0ffee{estate.letters}"]
    tags = draw(st.lists(st.sampled_from(wanted), unique=True, min_size=1, max_size=4))
    estate.push(repository, build, *tags)


def _build(draw: st.DrawFn, estate: Estate) -> None:
    """An application is built from a tag as it is at that moment."""
    choices = [(repository, tag) for repository, tags in estate.tags.items() for tag in tags]
    if not choices:
        return
    repository, tag = draw(st.sampled_from(sorted(choices)))
    build = estate.tags[repository][tag][0]
    name, found = f"{repository}:{tag}", build.digest
    says = draw(
        st.sampled_from(
            [{}, {}, {BASE_NAME: name}, {BASE_NAME: name, BASE_DIGEST: found}, {BASE_NAME: repository, BASE_DIGEST: found}]
        )
    )
    estate.letters += 1
    content = f"app{estate.letters}"
    estate.apps.append(App(draw(st.sampled_from(HOMES)), content, build.layers + estate.letter(), repository, tag, build, says))


def _lose(draw: st.DrawFn, estate: Estate) -> None:
    """A tag is removed, or an old build is purged."""
    choices = [(repository, tag) for repository, tags in estate.tags.items() for tag in tags]
    if not choices:
        return
    repository, tag = draw(st.sampled_from(sorted(choices)))
    estate.tags[repository].pop(tag)
    _purge(draw, estate)


def _purge(draw: st.DrawFn, estate: Estate) -> None:
    """What no tag names any more is removed from a repository."""
    repository = draw(st.sampled_from(BASES))
    named = [build for build, _ in estate.tags.get(repository, {}).values()]
    kept = estate.kept.get(repository, [])
    kept[:] = [build for build in kept if any(build is each for each in named)]


def _lie(draw: st.DrawFn, estate: Estate, app: App) -> None:
    """An annotation names what a tag names today: of the true repository, or of one that holds nothing the image stands on."""
    below = estate.holders_below(app.build)
    fit = [
        (repository, tag, build)
        for repository, tags in sorted(estate.tags.items())
        for tag, (build, _) in sorted(tags.items())
        if (tag == app.tag if repository == app.repository else repository not in below) and build is not app.build
    ]
    if fit and not any(build is each for each in _below(app.build) for _, _, build in fit):
        repository, tag, build = draw(st.sampled_from(fit))
        app.says, app.lies = {BASE_NAME: f"{repository}:{tag}", BASE_DIGEST: build.digest}, True


def _below(build: Build) -> list[Build]:
    return [build, *(_below(build.below) if build.below is not None else ())]


@st.composite
def estates(draw: st.DrawFn, whole: bool = False) -> Estate:
    """Any small estate; a `whole` one is read completely, and nothing of it is gone."""
    estate = Estate()
    for step in draw(st.lists(st.sampled_from(["push", "push", "app", "lose", "purge"]), min_size=2, max_size=14)):
        match step:
            case "push":
                _push(draw, estate)
            case "app":
                _build(draw, estate)
            case "lose" if not whole:
                _lose(draw, estate)
            case "purge" if not whole:
                _purge(draw, estate)
            case _:
                pass
    for app in estate.apps:
        if draw(st.integers(0, 3)) == 3:
            _lie(draw, estate, app)
    for repository in sorted(estate.kept):
        if not whole:
            estate.loaded[repository] = draw(st.sampled_from([WHOLE, WHOLE, PARTLY, REFUSED, UNASKED]))
    for registry in (A, B, HUB, "ghcr.io"):
        if whole or draw(st.booleans()):
            estate.catalogs.add(registry)
    return estate

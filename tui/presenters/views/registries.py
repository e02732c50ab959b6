"""The view of registries: registry -> repository -> image, by tag or untagged -> its platforms and what is attached to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from tui.domain.common.pace import paced, sorted_in_steps
from tui.domain.common.text import full_stop
from tui.domain.common.trust import BAD_FIRST, worst
from tui.domain.facts.events import SourceKind
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.source_health import Hearing, clusters_heard
from tui.domain.snapshot.snapshot import Image, ImageKey, Snapshot
from tui.presenters.glyphs import Glyphs, mix
from tui.presenters.keys import RowSubject, from_last, image_of
from tui.presenters.phrases import briefs, repository_name
from tui.presenters.tabs.lines import wrapped
from tui.presenters.tabs.signatures import VERDICT_STATE
from tui.presenters.tabs.spec import SectionContext
from tui.presenters.totals import ALL, NOTHING, Totals, VisibleRows, one
from tui.presenters.views.lineage import BAR, WIDE
from tui.presenters.views.spec import RowsContext, TabbedModel
from tui.presenters.views.workloads import source_state
from tui.presenters.words import age, count, plural, short_hex, size
from widgets.rows import Cell, Column, Row, RowKey, Span, TextLine

__all__ = ["RegistryModel", "build", "registry_key"]

ROOMY = 110
"""Cells of the tree from which on there is room for sizes."""
COLUMNS = (
    Column("tag, registry first", share=3, most=56),
    Column("state", share=3, parted=True),
    Column("subtree", BAR, from_width=WIDE),
    Column("imgs", 5, right=True, from_width=WIDE),
    Column("size", 8, right=True, from_width=ROOMY),
    Column("pods", 6, right=True),
    Column("pushed", 6, right=True, from_width=WIDE),
)
TAGS_NAMED = 3
"""How many tags of an image are named before the rest is counted."""


class RegistryPart(msgspec.Struct, frozen=True, gc=False):
    """A registry in a row key."""

    name: str


class RepositoryPart(msgspec.Struct, frozen=True, gc=False):
    """A repository in a row key, under its registry."""

    name: str


class ManifestPart(msgspec.Struct, frozen=True, gc=False):
    """A platform's manifest in a row key, under its image."""

    digest: str


class SignaturePart(msgspec.Struct, frozen=True, gc=False):
    """A signature in a row key, under its image: which of those on a manifest."""

    subject: str
    number: int


class _Contents(NamedTuple):
    """How much of what a repository holds is used, and what is not known of it."""

    images: int = 0
    used: int = 0
    idle_bytes: int = 0
    untagged: int = 0
    untagged_used: int = 0
    unlisted: int = 0


def _contents(images: Sequence[Image]) -> _Contents:
    untagged = [image for image in images if not image.tags and image.tags_listed]
    return _Contents(
        len(images),
        sum(image.in_use for image in images),
        sum(image.size or 0 for image in images if not image.in_use),
        len(untagged),
        sum(image.in_use for image in untagged),
        sum(not image.tags_listed for image in images),
    )


def _together(contents: Iterable[_Contents]) -> _Contents:
    return _Contents(*map(sum, zip(*contents, strict=True)))


class RegistryModel(TabbedModel):
    """What registries hold as rows: groups and orders are made here, once and off the loop; rows and cells when asked for."""

    def __init__(self, snapshot: Snapshot, now: datetime, glyphs: Glyphs, shown: VisibleRows = ALL) -> None:
        super().__init__(snapshot, now, glyphs, shown)
        self._heard = clusters_heard(snapshot.sources)
        self._health = {health.id.name: health for health in snapshot.sources if health.kind is SourceKind.REGISTRY}
        self._in_repository: dict[RepositoryName, list[Image]] = defaultdict(list)
        self._totals: dict[RepositoryName, Totals] = defaultdict(lambda: NOTHING)
        self._registry_totals: dict[str, Totals] = defaultdict(lambda: NOTHING)
        for key, image in paced(snapshot.images.items()):
            if shown.image(key):
                self._add(image)
        for images in paced(self._in_repository.values()):
            images.sort(key=_newest_first)
        self._contents = {name: _contents(images) for name, images in paced(self._in_repository.items())}
        self._repositories: dict[str, list[RepositoryName]] = defaultdict(list)
        for name in sorted_in_steps(self._in_repository, lambda name: (self._totals[name].rank, name)):
            self._repositories[name.registry].append(name)
        self._contents_in = {
            registry: _together(self._contents[name] for name in paced(names)) for registry, names in self._repositories.items()
        }
        self._registries = sorted(self._repositories.keys() | (set() if shown.narrowed else self._health.keys()))

    def columns(self) -> Sequence[Column]:
        """Name, state, mix of verdicts below, counts, size and time of the push."""
        return COLUMNS

    def roots(self) -> Sequence[RowKey]:
        """The registries, also those of which nothing could be read."""
        return [(RegistryPart(name),) for name in self._registries]

    def children(self, key: RowKey) -> Sequence[RowKey]:
        """What is one step further in: repositories, images, their manifests and signatures."""
        match key[-1]:
            case RegistryPart(name):
                return [(*key, RepositoryPart(repository.repository)) for repository in paced(self._repositories.get(name, ()))]
            case RepositoryPart():
                return [(*key, image.key) for image in paced(self._in_repository.get(_repository(key), ()))]
            case ImageKey() as image_key:
                image = self.snapshot.images.get(image_key)
                return [(*key, part) for part in _parts(image)] if image is not None else []
            case _:
                return []

    def has_children(self, key: RowKey) -> bool:
        """Whether anything is one step further in."""
        match key[-1]:
            case RegistryPart(name):
                return bool(self._repositories.get(name))
            case RepositoryPart():
                return bool(self._in_repository.get(_repository(key)))
            case _:
                return bool(self.children(key))

    def row(self, key: RowKey) -> Row:
        """The cells of a row."""
        match key[-1]:
            case RegistryPart(name):
                return self._group_row((Span(name, "bold"),), source_state(self._health.get(name)), self._registry_totals[name])
            case RepositoryPart():
                repository = _repository(key)
                return self._group_row((Span(repository_name(repository)),), (), self._totals[repository])
            case ImageKey() as image_key if image_key in self.snapshot.images:
                return self._image_row(self.snapshot.images[image_key])
            case ManifestPart(digest):
                return self._row(Span(""), (Span("platform ", "dim"), Span(short_hex(digest))))
            case SignaturePart() as part:
                return self._signature_row(key, part)
            case _:
                return self._row(Span(""), ())

    def identity(self, key: RowKey) -> RowKey:
        """An image is who it is; what is attached to it goes with it."""
        return from_last(key, ImageKey)

    def find(self, identity: RowKey) -> RowKey | None:
        """Where an image is, and what is under it."""
        match identity[0]:
            case ImageKey() as image:
                if image not in self.snapshot.images or not self._shown.image(image):
                    return None
                return (RegistryPart(image.registry), RepositoryPart(image.repository), *identity)
            case RegistryPart(name):
                return identity if name in self._registries else None
            case _:
                return None

    def is_hit(self, key: RowKey) -> bool:
        """Whether a row is what the filter asks for, and not only what leads to it."""
        return isinstance(key[-1], ImageKey)

    def urgency(self, key: RowKey) -> int:
        """How bad the worst below a row is, and itself."""
        match key[-1]:
            case RegistryPart(name):
                return -self._registry_totals[name].rank[0]
            case RepositoryPart():
                return -self._totals[_repository(key)].rank[0]
            case _:
                return 0

    def matches(self) -> Iterator[RowKey]:
        """Every row that must be unfolded for each image shown to be seen."""
        yield from self.roots()
        for registry in self._registries:
            for repository in self._repositories.get(registry, ()):
                yield (RegistryPart(registry), RepositoryPart(repository.repository))

    def detail(self, subject: RowSubject, context: SectionContext) -> Sequence[TextLine] | None:
        """Of a registry or a repository how much of it is used; of an image what the tabs tell."""
        if subject.image is not None or not subject.view_parts:
            return None
        part = subject.view_parts[-1]
        contents = self._contents_of(subject.view_parts[0], part)
        title = part.name if isinstance(part, RegistryPart | RepositoryPart) else ""
        kind = "registry" if isinstance(part, RegistryPart) else "repository"
        return [
            TextLine((Span(f" {title}", "bold"), Span(f"  {kind}", "dim"))),
            TextLine(),
            *(line for words in self._words(contents, part) for line in wrapped(words, "", context.width)),
            TextLine(),
            *wrapped("Enter on a tag shows everything about its image.", "dim", context.width),
        ]

    def _contents_of(self, registry: Hashable, part: Hashable) -> _Contents:
        match registry, part:
            case RegistryPart(name), RegistryPart():
                return self._contents_in.get(name, _Contents())
            case RegistryPart(name), RepositoryPart(repository):
                return self._contents.get(RepositoryName(name, repository), _Contents())
            case _:
                return _Contents()

    def _words(self, contents: _Contents, part: Hashable) -> Iterable[str]:
        """How many images there are, how many of them are used, and how reading the registry goes."""
        idle = contents.images - contents.used
        narrowed = " that the filter lets through" if self._shown.narrowed else ""
        yield f"{plural(contents.images, 'image')}{narrowed}, {contents.used} in use."
        if idle and self._heard is not Hearing.WHOLE:
            yield f"Whether the other {idle} are in use is not known: not every cluster has answered what it runs."
        elif idle:
            shared = f"at most {size(contents.idle_bytes)}, as layers that images share are counted each time"
            yield f"{idle} {'is' if idle == 1 else 'are'} used by nothing in the clusters that were read: {shared}."
        if contents.untagged:
            yield f"{plural(contents.untagged, 'image')} without a tag, {contents.untagged_used} of them in use."
        if contents.unlisted:
            yield f"Of {plural(contents.unlisted, 'image')} the tags were not read: only what runs was asked for."
        health = self._health.get(part.name) if isinstance(part, RegistryPart) else None
        if health is not None and health.error:
            yield full_stop(health.error)

    # ---- structure

    def _add(self, image: Image) -> None:
        own = one(image.verdict, image.pods)
        self._in_repository[image.name].append(image)
        self._totals[image.name] += own
        self._registry_totals[image.key.registry] += own

    # ---- cells

    def _row(self, glyph: Span, name: Cell, state: Cell = (), cells: Sequence[Cell] = ()) -> Row:
        missing = len(COLUMNS) - 2 - len(cells)
        return Row(glyph, (name, state, *cells, *((),) * missing))

    def _group_row(self, name: Cell, state: Cell, totals: Totals) -> Row:
        verdict = worst(state for state, number in zip(BAD_FIRST, totals.counts, strict=True) if number)
        bar = mix(totals.counts, BAR, self._glyphs.bar)
        cells = (bar, (Span(count(totals.items), "dim"),), (), (Span(count(totals.pods), "" if totals.pods else "dim"),))
        return self._row(self._glyphs.of(verdict), name, state, cells)

    def _image_row(self, image: Image) -> Row:
        name = Span(_tags(image) or short_hex(image.key.digest), "" if image.tags else "dim")
        pushed = (Span(age(image.pushed, self._now), "dim"),)
        pods = (Span(count(image.pods), "" if image.pods else "dim"),)
        cells = ((), (), (Span(size(image.size), "dim"),), pods, pushed)
        return self._row(self._glyphs.of(image.verdict), (name,), self._image_state(image), cells)

    def _image_state(self, image: Image) -> Cell:
        """Whether it is there and in use, then what is not fine with it."""
        use = "in use" if image.in_use else "not in use" if self._heard is Hearing.WHOLE else "use not known"
        words: Cell = (Span(use, "" if image.in_use else "dim" if self._heard is Hearing.WHOLE else "unknown"),)
        if not image.tags:
            untagged = Span("untagged" if image.tags_listed else "tags not read", "warn" if image.tags_listed else "unknown")
            words = (untagged, Span(self._glyphs.dot, "dim"), *words)
        if image.gone:
            words = (Span("gone from the registry", "fail"), Span(self._glyphs.dot, "dim"), *words)
        flaws = briefs(image.checks, self._glyphs.dot)
        return (*words, Span(self._glyphs.dot, "dim"), *flaws) if flaws else words

    def _signature_row(self, key: RowKey, part: SignaturePart) -> Row:
        image_key = key[-2]
        image = self.snapshot.images.get(image_key) if isinstance(image_key, ImageKey) else None
        outcomes = (
            [out for signature in image.signatures if signature.subject == part.subject for out in signature.outcomes]
            if image
            else []
        )
        if part.number >= len(outcomes):
            return self._row(Span(""), (Span("signature", "dim"),))
        outcome = outcomes[part.number]
        name = (Span(f"{outcome.system} signature ", "dim"), Span(f"on {short_hex(part.subject)}", "dim"))
        words = (Span(outcome.sentence or outcome.signer, "dim"),)
        return self._row(self._glyphs.of(VERDICT_STATE[outcome.verdict]), name, words)


def _newest_first(image: Image) -> tuple[bool, float, str]:
    """Tagged before untagged, the latest push first; what nobody dates comes last."""
    pushed = image.pushed or image.created
    return (not image.tags, -pushed.timestamp() if pushed is not None else 0.0, image.key.digest)


def _tags(image: Image) -> str:
    """The tags of an image, the first of them by name; empty without any."""
    more = f" +{len(image.tags) - TAGS_NAMED}" if len(image.tags) > TAGS_NAMED else ""
    return ", ".join(image.tags[:TAGS_NAMED]) + more


def _parts(image: Image) -> Iterable[ManifestPart | SignaturePart]:
    """The manifests below an index, then every signature."""
    yield from (ManifestPart(digest) for digest in image.digests if digest != image.key.digest)
    for signature in image.signatures:
        yield from (SignaturePart(signature.subject, number) for number in range(len(signature.outcomes)))


def _repository(key: RowKey) -> RepositoryName:
    match key[:2]:
        case (RegistryPart(registry), RepositoryPart(repository)):
            return RepositoryName(registry, repository)
        case _:
            return RepositoryName("", "")


def registry_key(subject: RowSubject, snapshot: Snapshot) -> RowKey | None:
    """Where the subject is in this view: its image, or the one that its workload runs."""
    image = subject.image or image_of(subject.workload, subject.container, snapshot)
    if image is None or image not in snapshot.images:
        return None
    return (RegistryPart(image.registry), RepositoryPart(image.repository), image)


def build(rows: RowsContext) -> RegistryModel:
    """The rows of the view."""
    return RegistryModel(rows.snapshot, rows.now, rows.glyphs, rows.shown)

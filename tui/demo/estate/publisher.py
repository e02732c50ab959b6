"""Builds images and pushes them: lines of versions, each standing on the base as it was at that time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tui.demo.content import DOCKER, OCI, Image, Index, Json, Platform, Recipe, Step, Stored, digest_of
from tui.demo.estate.evidence import Evidence, annotations_of, buildinfo, labels_of, statement
from tui.demo.estate.makers import LABELS, MAKERS, Maker
from tui.demo.estate.recipes import ROOTS, Line, hash_of, lines_of
from tui.demo.registry_contents import RegistryContents

__all__ = ["BOTH", "ONE", "ImagePublisher", "Product", "Published"]

ONE = ("amd64",)
BOTH = ("amd64", "arm64")
MEGABYTE = 1_000_000
OLD = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Product:
    """A line of versions in one repository, oldest first, each with its age in days.

    `base` is another line; each version stands on the newest build of it that was there. `floating` tags name the newest
    version. `says` is what the build wrote about the base, `claims` another base than the true one (`name`, `digest`).
    `pinned`: it is built from the exact version of its base, not from the tag that moves.
    """

    name: str
    kind: str
    versions: tuple[tuple[str, float], ...]
    base: str = ""
    floating: tuple[str, ...] = ()
    arches: tuple[str, ...] = ONE
    says: Evidence = Evidence.NONE
    squash: bool = False
    history: bool = True
    docker: bool = False
    epoch: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    claims: tuple[str, str] = ("", "")
    pinned: bool = False

    @property
    def host(self) -> str:
        """The registry."""
        return self.name.partition("/")[0]

    @property
    def repository(self) -> str:
        """The repository in it."""
        return self.name.partition("/")[2]


@dataclass(frozen=True, slots=True)
class Published:
    """A version that was pushed: `digest` is what its tag names, of the index where there is one.

    `kind` is that of its own layers, `base` what it stands on.
    """

    name: str
    tag: str
    digest: str
    images: Mapping[str, Image]
    stored: tuple[Stored, ...]
    age: float
    kind: str = ""
    base: Published | None = field(default=None, repr=False)

    @property
    def reference(self) -> str:
        """Name and tag."""
        return f"{self.name}:{self.tag}"

    def config(self, arch: str) -> str:
        """The config digest for an architecture."""
        return (self.images.get(arch) or next(iter(self.images.values()))).config_digest


class ImagePublisher:
    """The registries while they are being filled. `anchor` is what ages are counted from: the start of the day."""

    def __init__(self, seed: int, anchor: datetime) -> None:
        self.seed, self.anchor = seed, anchor
        self.shelves: dict[str, RegistryContents] = {}
        self.published: dict[str, list[Published]] = {}
        self.floating: dict[str, tuple[str, ...]] = {}
        self.products: dict[str, Product] = {}

    def shelf(self, host: str) -> RegistryContents:
        """A registry."""
        return self.shelves.setdefault(host, RegistryContents(host))

    def moment(self, age: float) -> datetime:
        """So many days ago, with an odd number of seconds."""
        if age < 0:  # since the start of the day: something that is done while the demo runs
            return self.anchor - timedelta(days=age)
        odd = hash_of(f"{age}{self.seed}") % 2_700
        return self.anchor - timedelta(days=age) - timedelta(seconds=odd, microseconds=odd * 331 % 1_000_000)

    def get(self, name: str, tag: str) -> Published:
        """A version that was pushed."""
        return next(published for published in self.published[name] if published.tag == tag)

    def newest(self, name: str) -> Published:
        """The newest version of a line."""
        return self.published[name][-1]

    def build(self, product: Product) -> list[Published]:
        """Build and push all versions of a line."""
        versions = [self._version(product, tag, age, self._base_of(product, age)) for tag, age in product.versions]
        self.published.setdefault(product.name, []).extend(versions)
        for tag in product.floating:
            self.retag(versions[-1], tag)
        self.floating[product.name] = product.floating
        self.products[product.name] = product
        return versions

    def rebuild(self, name: str, tags: Sequence[str], moment: datetime, base: Published | None = None) -> Published:
        """Build the newest version of a line anew under these tags, on today's base or another one, and push it."""
        age = (self.anchor - moment) / timedelta(days=1)
        line, product = self.published[name], self.products[name]
        published = self._version(product, tags[0], age, base or self._base_of(product, age))
        line.append(published)
        for tag in tags[1:]:
            self.retag(published, tag, age)
        return published

    def retag(self, published: Published, tag: str, age: float | None = None) -> None:
        """Let another tag of its repository name it."""
        host, _, repository = published.name.partition("/")
        moment = self.moment(published.age - 0.01 if age is None else age)
        self.shelf(host).repository(repository, moment).tag(tag, published.digest, moment)

    def copy(self, published: Published, name: str, tag: str, age: float) -> None:
        """The same bytes in another repository, as an import makes them."""
        host, _, repository = name.partition("/")
        contents = self.shelf(host).repository(repository, self.moment(age))
        for stored in published.stored:
            contents.put(stored, self.moment(age))
        contents.tag(tag, published.digest, self.moment(age))

    def purge(self, published: Published) -> None:
        """Delete it from its repository."""
        host, _, repository = published.name.partition("/")
        self.shelf(host).repositories[repository].purge(published.digest)

    # ---- one version

    def _version(self, product: Product, tag: str, age: float, base: Published | None) -> Published:
        images = {arch: self._image(product, tag, age, arch, base) for arch in product.arches}
        stored = self._stored(product, list(images.values()), base)
        pushed = self.moment(age) + timedelta(seconds=41 if age > 0 else 0)
        repository = self.shelf(product.host).repository(product.repository, pushed)
        for manifest in stored:
            repository.put(manifest, pushed)
        repository.tag(tag, stored[-1].digest, pushed)
        return Published(product.name, tag, stored[-1].digest, images, stored, age, product.kind, base)

    def _base_of(self, product: Product, age: float) -> Published | None:
        if not product.base:
            return None
        older = [version for version in self.published[product.base] if version.age > age]
        return older[-1] if older else self.published[product.base][0]

    def _stored(self, product: Product, images: list[Image], base: Published | None) -> tuple[Stored, ...]:
        """The platforms, attestations, and the index, which comes last; without the latter the one manifest."""
        maker = MAKERS.get(product.name) if product.says is not Evidence.COPA else None
        proven = (product.says is Evidence.PROVENANCE or maker is not None) and base is not None
        if len(images) == 1 and not proven:
            return (images[0].stored,)
        name, digest = self._claimed(product, base, images[0])
        provenance_of = (name, digest) if product.says is Evidence.PROVENANCE else None
        about = [(image, statement(image, provenance_of, maker or Maker())) for image in images] if proven else []
        claims = annotations_of(product.says, name, digest) if base is not None else {}
        index = Index(images, claims, about)
        return (*(image.stored for image in images), *index.attestations, index.stored)

    def _claimed(self, product: Product, base: Published | None, image: Image | None) -> tuple[str, str]:
        if product.claims[0] or base is None:
            return product.claims
        floating = self.floating.get(base.name, ()) if not product.pinned else ()
        return f"{base.name}:{floating[0] if floating else base.tag}", base.digest

    def _image(self, product: Product, tag: str, age: float, arch: str, base: Published | None) -> Image:
        under = base.images.get(arch) if base is not None else None
        created = OLD if product.epoch else self.moment(age)
        steps = self._steps(product, tag, arch, created, under)
        name, digest = self._claimed(product, base, None)
        top = next((f"tar {step.layer}" for step in reversed(under.recipe.steps) if step.layer), "") if under else ""
        inherited = under.recipe.labels if under is not None and not product.squash else {}
        own = {"org.opencontainers.image.title": product.repository, "org.opencontainers.image.version": tag}
        labels = {**inherited, **own, **product.labels, **LABELS.get(product.name, {})}
        annotations = dict(product.annotations)
        extra: Json = {}
        if base is not None or product.claims[0]:
            labels |= labels_of(product.says, name, digest, digest_of(top.encode()))
            annotations |= annotations_of(product.says, name, digest)
            extra = buildinfo(name, digest) if product.says is Evidence.BUILDINFO else {}
        dialect = DOCKER if product.docker else OCI
        return Image(Recipe(Platform(arch), steps, created, labels, annotations, extra, dialect, product.history))

    def _steps(self, product: Product, tag: str, arch: str, created: datetime, under: Image | None) -> tuple[Step, ...]:
        below = under.recipe.steps if under is not None and not product.squash else ()
        lines = (
            ROOTS[product.kind](tag, arch) if product.kind in ROOTS else lines_of("squashed" if product.squash else product.kind)
        )
        on = under.config_digest[7:19] if under is not None else "scratch"
        anew = f":{created.isoformat()}" if created > self.anchor else ""  # what is built anew today has layers of its own
        identity = f"{self.seed}:{product.repository}:{tag}:{arch}:{on}{anew}"
        return (*below, *(_step(line, f"{identity}:{place}", created) for place, line in enumerate(lines)))


def _step(line: Line, identity: str, created: datetime) -> Step:
    size = int(line.size * MEGABYTE) + hash_of(identity) % 90_000 if line.size else 0
    return Step(line.text, created, identity if line.size else "", size, line.comment)

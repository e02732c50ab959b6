"""What a scanner is given to look at: images by their digests, and those of registries that are not ours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tui.demo.estate.images_on_nodes import split
from tui.demo.estate.publisher import ImagePublisher, Published
from tui.demo.vulnerabilities.findings import Chain, PackageVulnerability, Platform, chain_of, find, platform_of

__all__ = ["Scanned", "ScannedImages"]

# Images of the whole world that run here: the kind of the system in them and its age in days.
_FOREIGN = {
    "docker.io/library/redis": ("alpine", 28.0),
    "docker.io/library/traefik": ("alpine", 31.5),
    "docker.io/grafana/grafana": ("alpine", 22.0),
}
_GO: Chain = (("app-go", 40.0), ("distroless", 52.0))


@dataclass(frozen=True, slots=True)
class Scanned:
    """An image before a scanner; `digest` is what ran or was pulled, `manifest` the one of its platform."""

    host: str
    repository: str
    tag: str
    digest: str
    manifest: str
    chain: Chain
    platform: Platform
    published: Published | None = None

    @property
    def findings(self) -> tuple[PackageVulnerability, ...]:
        """Everything that there is to be found."""
        return find(self.chain, self.repository)

    @property
    def reference(self) -> str:
        """Host, repository and tag."""
        return f"{self.host}/{self.repository}:{self.tag}"


class ScannedImages:
    """The images of the registries, and by name those of elsewhere."""

    def __init__(self, yard: ImagePublisher) -> None:
        self._by_digest: dict[str, Published] = {}
        for line in yard.published.values():
            for published in line:
                self.add(published)
        self._yard = yard

    def add(self, published: Published) -> None:
        """Know a version by its digests."""
        for digest in (published.digest, *(image.digest for image in published.images.values())):
            self._by_digest[digest] = published
        for image in published.images.values():
            self._by_digest[image.config_digest] = published

    def running(self, image: str, image_id: str) -> Scanned:
        """A container's image, by what its spec says and its status reports."""
        name, tag = split(image)
        digest = image_id.rpartition("@")[2]
        published = self._by_digest.get(digest if ":" in digest else f"sha256:{digest}")
        host, _, repository = name.partition("/")
        if published is None:
            system = _FOREIGN.get(name)
            chain = ((system[0], system[1]),) if system else _GO
            platform = Platform("alpine", "3.22.2") if system else Platform("debian", "12.12")
            return Scanned(host, repository, tag, digest, digest, chain, platform)
        return _scanned(published, host, repository, tag)

    def published(self, published: Published) -> Scanned:
        """A version."""
        host, _, repository = published.name.partition("/")
        return _scanned(published, host, repository, published.tag)

    def of(self, hosts: Iterable[str], oldest: float) -> list[Scanned]:
        """The images of these registries that are still there and not older, in days; in the order of their names."""
        selected = frozenset(hosts)
        scanned = []
        for name, line in sorted(self._yard.published.items()):
            host, _, repository = name.partition("/")
            contents = self._yard.shelf(host).repositories.get(repository) if host in selected else None
            if contents is not None:
                recent = [published for published in line if published.age <= oldest and published.digest in contents.rows]
                scanned += [_scanned(published, host, repository, published.tag) for published in recent]
        return scanned


def _scanned(published: Published, host: str, repository: str, tag: str) -> Scanned:
    manifest = (published.images.get("amd64") or next(iter(published.images.values()))).digest
    chain = chain_of(published)
    return Scanned(host, repository, tag, published.digest, manifest, chain, platform_of(published), published)

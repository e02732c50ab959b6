"""Which vulnerabilities an image has: those of each layer's packages whose fix is younger than the build that brought them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tui.demo.estate.publisher import Published
from tui.demo.vulnerabilities.catalogue import Flaw, Package, packages

__all__ = ["Chain", "PackageVulnerability", "Platform", "chain_of", "find", "platform_of"]

# What an image stands on, its own layers first: kinds of layers with the ages of their builds, in days.
Chain = tuple[tuple[str, float], ...]
_SYSTEMS = frozenset({"debian", "ubuntu", "alpine", "azurelinux", "golden", "distroless", "dotnet-deps"})
# Kinds that bring the packages of the system up to date: `apt-get upgrade`, and Copacetic.
_UPGRADES = frozenset({"hardened", "patched"})


@dataclass(frozen=True, slots=True)
class PackageVulnerability:
    """A vulnerability in a package of an image."""

    flaw: Flaw
    package: Package
    installed: str

    @property
    def is_system(self) -> bool:
        """Whether it is a package of the operating system."""
        return self.package.ecosystem in ("deb", "rpm", "apk")


@dataclass(frozen=True, slots=True)
class Platform:
    """The operating system in an image."""

    family: str
    version: str
    ended: bool = False


def chain_of(published: Published) -> Chain:
    """What a version stands on."""
    chain = []
    place: Published | None = published
    while place is not None:
        chain.append((place.kind, place.age))
        place = place.base
    return tuple(chain)


def platform_of(published: Published) -> Platform:
    """Its operating system, by the lowest image that it stands on."""
    lowest = published
    while lowest.base is not None:
        lowest = lowest.base
    version = lowest.tag.removesuffix("-slim")
    match lowest.kind:
        case "golden" if "centos" in lowest.name:
            return Platform("centos", version, ended=True)
        case "golden":
            return Platform("redhat", version)
        case "azurelinux":
            return Platform("azurelinux", "3.0")
        case "distroless":
            return Platform("debian", "12.12")
        case "ubuntu":
            return Platform("ubuntu", "22.04" if version == "jammy" else version)
        case "debian" if not version.startswith("12."):
            return Platform("debian", "12.11")
        case "pause":
            return Platform("none", "")
        case kind:
            return Platform(kind, version)


@lru_cache(maxsize=4096)
def find(chain: Chain, repository: str) -> tuple[PackageVulnerability, ...]:
    """Everything that is to be found in an image, in a fixed order."""
    upgraded = min((age for kind, age in chain if kind in _UPGRADES), default=1e9)
    findings: dict[tuple[str, str], PackageVulnerability] = {}
    for kind, age in reversed(chain):
        built = min(age, upgraded) if kind in _SYSTEMS else age
        for package in packages().get(kind, ()):
            if not package.repositories or repository in package.repositories:
                findings |= {(package.name, finding.flaw.id): finding for finding in _flaws(package, built)}
    return tuple(findings.values())


def _flaws(package: Package, built: float) -> Iterator[PackageVulnerability]:
    installed = package.version
    for flaw in package.flaws:  # oldest fix first
        if flaw.fixed and flaw.age >= built:
            installed = flaw.fixed
    for flaw in package.flaws:
        if not flaw.fixed or flaw.age < built:
            yield PackageVulnerability(flaw, package, installed)

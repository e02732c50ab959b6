"""The lineage of 100,000 images: how long, how it grows, and whether it is true.

A synthetic registry with known truth: distributions with releases for two platforms, runtimes on them, applications with
versions and build caches; mirrors, squashed images, children that only add labels, annotations that lie, and bases that
are in no registry.
"""

from __future__ import annotations

import gc
import hashlib
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.bench.loops import prepared
from tests.bench.results import Result
from tui.domain.facts.image import Claim, ClaimKind, HistoryEntry, Platform, RepositoryName
from tui.domain.lineage.graph import Content, Lineage, build
from tui.domain.snapshot.snapshot import Basis, ImageKey

__all__ = ["Registry", "Verdict", "make_registry", "run", "verify"]

PLATFORMS = (Platform("linux", "amd64"), Platform("linux", "arm64"))
DISTROS, RELEASES, RUNTIMES = 60, 24, 200
ABSENT = 0.15
ROUNDS = 4
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
REACH_SECONDS, REACH_GROWTH = 2.5, 12.0


@dataclass(slots=True)
class _Built:
    """A content of the truth: `base` is the number of its base, -1 for none; `absent` when no registry has it."""

    number: int
    repository: str
    platform: Platform
    layers: tuple[str, ...]
    steps: tuple[HistoryEntry, ...]
    base: int
    absent: bool = False
    squashed: bool = False
    lies: bool = False
    claims: tuple[Claim, ...] = ()
    mirrors: tuple[str, ...] = ()


@dataclass(slots=True)
class Registry:
    """The synthetic facts, as `build` takes them, with the truth beside them."""

    contents: list[Content] = field(default_factory=list)
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    names: dict[ImageKey, tuple[str, ...]] = field(default_factory=dict)
    tags: dict[tuple[RepositoryName, str], str] = field(default_factory=dict)
    truth: list[_Built] = field(default_factory=list)


@dataclass(slots=True)
class Verdict:
    """How the edges compare with the truth, in contents.

    `wrong` is a base that the image does not stand on although it is proven or claimed so; `missed` is a base that is
    there and was not found; `nearest` is the nearest ancestor that exists, in place of an absent base; `deceived` is a lie
    that nothing can contradict, shown as a claim: what it names cannot be read, and might stand between the image and the
    nearest base that its layers prove.
    """

    right: int = 0
    roots: int = 0
    nearest: int = 0
    unknown: int = 0
    deceived: int = 0
    wrong: int = 0
    missed: int = 0


def make_registry(size: int, seed: int = 7) -> Registry:
    """About `size` contents, the same for the same seed."""
    return _Maker(size, random.Random(seed)).make()


class _Maker:
    def __init__(self, size: int, dice: random.Random) -> None:
        self._size = size
        self._dice = dice
        self._out = Registry()
        self._counter = 0

    def make(self) -> Registry:
        distros = list(self._distros())
        runtimes = list(self._runtimes(distros))
        application = 0
        while len(self._out.truth) < self._size:
            application += 1
            self._application(f"team{application % 40}/app{application}", runtimes)
        self._describe()
        return self._out

    def _distros(self) -> Iterator[_Built]:
        share = min(DISTROS, max(4, self._size // 200))
        for distro in range(share):
            for _ in range(RELEASES if self._size > 20_000 else RELEASES // 4):
                for platform in PLATFORMS:
                    absent = self._dice.random() < ABSENT
                    yield self._add(f"base/distro{distro}", platform, None, 1, absent=absent)

    def _runtimes(self, distros: list[_Built]) -> Iterator[_Built]:
        for runtime in range(min(RUNTIMES, max(8, self._size // 100))):
            for _ in range(6 if self._size > 20_000 else 2):
                base = self._dice.choice(distros)
                absent = self._dice.random() < ABSENT
                made = self._add(f"base/runtime{runtime}", base.platform, base, self._dice.randint(1, 4), absent=absent)
                yield made
                if self._dice.random() < 0.2:
                    yield self._add(f"base/labelled{runtime}", made.platform, made, 0)

    def _application(self, repository: str, bases: list[_Built]) -> None:
        base = self._dice.choice(bases)
        cache = [self._layer() for _ in range(self._dice.randint(0, 3))]
        steps = [HistoryEntry(f"RUN install {self._serial()}") for _ in cache]
        for _ in range(self._dice.randint(2, 30)):
            if self._dice.random() < 0.15:
                base = self._dice.choice(bases)
            made = self._add(repository, base.platform, base, self._dice.randint(1, 3), tuple(cache), tuple(steps))
            self._vary(made, base, bases)

    def _vary(self, made: _Built, base: _Built, others: list[_Built]) -> None:
        chance = self._dice.random()
        if chance < 0.03:
            made.squashed = True
            made.layers, made.steps = (self._layer(),), (HistoryEntry(f"squash {self._serial()}"),)
            made.claims = (Claim(ClaimKind.ANNOTATION, f"r.io/{base.repository}:1", _index(base)),)
        elif chance < 0.05:
            liar = self._dice.choice(others)
            made.lies = liar.number != base.number
            made.claims = (Claim(ClaimKind.ANNOTATION, f"r.io/{liar.repository}:1", _index(liar)),)
        elif chance < 0.15:
            made.claims = (Claim(ClaimKind.ANNOTATION, f"r.io/{base.repository}:1", _index(base)),)
        elif chance < 0.20:
            made.mirrors = (f"mirror/{made.repository}",)

    def _add(
        self,
        repository: str,
        platform: Platform,
        base: _Built | None,
        layers: int,
        cache: tuple[str, ...] = (),
        cached: tuple[HistoryEntry, ...] = (),
        *,
        absent: bool = False,
    ) -> _Built:
        own = tuple(self._layer() for _ in range(layers))
        steps = tuple(HistoryEntry(f"RUN step {self._serial()}") for _ in range(layers))
        label = HistoryEntry(f"LABEL n={self._serial()}", empty_layer=True)
        made = _Built(
            number=len(self._out.truth),
            repository=repository,
            platform=platform,
            layers=(*(base.layers if base else ()), *cache, *own),
            steps=(*(base.steps if base else ()), *cached, *steps, label),
            base=base.number if base else -1,
            absent=absent,
        )
        self._out.truth.append(made)
        return made

    def _serial(self) -> int:
        self._counter += 1
        return self._counter

    def _layer(self) -> str:
        return _digest(f"layer {self._serial()}")

    def _describe(self) -> None:
        names = sorted({built.repository for built in self._out.truth})
        self._dice.shuffle(names)  # a scan delivers repository after repository, and bases come after what stands on them too
        place = {name: number for number, name in enumerate(names)}
        for built in sorted(self._out.truth, key=lambda built: place[built.repository]):
            config, index = _config(built), _index(built)
            self._out.aliases[index] = self._out.aliases[config] = (config,)
            if not built.absent:
                self._out.contents.append(_content(built))
                self._out.names[ImageKey("r.io", built.repository, index)] = (f"v{built.number}",)


def _content(built: _Built) -> Content:
    images = tuple(ImageKey("r.io", name, _index(built)) for name in (built.repository, *built.mirrors))
    created = EPOCH + timedelta(minutes=built.number)
    return Content(_config(built), built.platform, built.layers, built.steps, created, images, built.claims)


def _digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _config(built: _Built) -> str:
    return _digest(f"config {built.number}")


def _index(built: _Built) -> str:
    return _digest(f"index {built.number}")


# ---- the truth


def verify(registry: Registry, lineage: Lineage) -> Verdict:
    """Compare every edge with the truth."""
    verdict = Verdict()
    by_index = {_index(built): built for built in registry.truth}
    for built in registry.truth:
        if not built.absent:
            link = lineage.links.get(ImageKey("r.io", built.repository, _index(built)))
            found = by_index.get(link.base.digest) if link is not None else None
            unknown = link is not None and found is None
            _count(verdict, registry, built, found, unknown)
    return verdict


def _count(verdict: Verdict, registry: Registry, built: _Built, found: _Built | None, unknown: bool) -> None:
    base = registry.truth[built.base] if built.base >= 0 else None
    if unknown:
        verdict.unknown += 1
    elif found is None and (base is None or base.absent):
        verdict.roots += 1
    elif found is None:
        verdict.missed += 1
    elif base is not None and found.number == base.number:
        verdict.right += 1
    elif base is not None and base.absent and found.number in _ancestors(registry, built):
        verdict.nearest += 1
    elif built.lies and found.absent:
        verdict.deceived += 1
    else:
        verdict.wrong += 1


def _ancestors(registry: Registry, built: _Built) -> set[int]:
    found: set[int] = set()
    number = built.base
    while number >= 0:
        found.add(number)
        number = registry.truth[number].base
    return found


# ---- figures


def run() -> list[Result]:
    """Measure 10,000 and 100,000 images in one run."""
    small, large = make_registry(10_000), make_registry(100_000)
    with prepared():  # collecting garbage as the program does
        rounds = [(_measure(small), _measure(large)) for _ in range(ROUNDS)]
    seconds_small, seconds_large = min(one for one, _ in rounds), min(other for _, other in rounds)
    lineage = _build(large)
    verdict = verify(large, lineage)
    growth = seconds_large / seconds_small
    details: dict[str, str | int | float | bool] = {
        "images": len(lineage.links) + len(lineage.roots),
        "contents": len(large.contents),
        "layers": sum(len(content.diff_ids) for content in large.contents),
        "seconds_10k": round(seconds_small, 3),
        "unknown_bases": len(lineage.bases),
        "contradicted": sum(1 for link in lineage.links.values() if link.contradictions),
        "claimed": sum(1 for link in lineage.links.values() if link.basis is Basis.ANNOTATION),
    }
    counts: dict[str, str | int | float | bool] = {name: getattr(verdict, name) for name in Verdict.__slots__}
    return [
        Result(
            "lineage100k", round(seconds_large, 2), "s computed", f"<= {REACH_SECONDS} s", seconds_large <= REACH_SECONDS, details
        ),
        Result("lineage100k-growth", round(growth, 1), "x", f"<= {REACH_GROWTH:.0f}x of 10k", growth <= REACH_GROWTH),
        Result("lineage100k-wrong", verdict.wrong + verdict.missed, "parents", "0", not verdict.wrong + verdict.missed, counts),
    ]


def _measure(registry: Registry) -> float:
    """Seconds that one build computes, with what was left over by the last one collected before."""
    gc.collect()
    start = time.process_time()
    _build(registry)
    return time.process_time() - start


def _build(registry: Registry) -> Lineage:
    return build(registry.contents, registry.aliases, registry.tags, registry.names)

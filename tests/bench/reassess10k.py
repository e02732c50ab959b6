"""`reassess10k`: 10,000 running images judged anew when the policy changes, and their signatures when the trust policy does.

What it computes counts, in all threads of the process: that is what it costs whatever else the machine does. Both happen while
the event loop serves the screen: the longest time that it was held is measured by a ticker in the same run.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path

from tests.bench.loops import Measured, measured, prepared
from tests.bench.results import Result
from tests.domain.world import NOW, A, World, digest, trusting
from tests.sources.signatures.cases import document
from tests.sources.signatures.shelf import Shelf, asking
from tests.sources.signatures.signer import JWS, Ask, jws, usual
from tests.sources.signatures.signer import NOW as SIGNED
from tui.domain.facts.demand import ArtifactDemand
from tui.domain.facts.events import HealthChanged, SignaturesVerified, SourceHealth, SourceId, SourceKind, SourceState
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.signature import Outcome, SignatureSystem, Verdict
from tui.domain.policy.policy import Policy
from tui.domain.policy.rules import Rules
from tui.estate.store import Store
from tui.sources.signatures.options import SignatureOptions, TrustPaths
from tui.sources.signatures.source import SignatureSource

__all__ = ["run"]

IMAGES = 10_000
ROUNDS = 3
REACH, HELD = 0.5, 16.0


def run() -> list[Result]:
    """The slowest of several changes of each kind."""
    with prepared():
        policy = asyncio.run(_policy())
        trust = asyncio.run(_trust())
    return [*_results("policy", policy), *_results("trust policy", trust)]


def _results(what: str, found: Measured) -> list[Result]:
    name = f"reassess10k: {what}"
    details: dict[str, str | int | float | bool] = {
        "images": IMAGES,
        "rounds": ROUNDS,
        "until told s": round(found.seconds, 2),
        "held when idle ms": round(found.idle, 1),
    }
    return [
        Result(name, round(found.computed, 3), "s computed", f"<= {REACH} s", found.computed <= REACH, details),
        Result(f"{name}, loop held", round(found.held, 1), "ms", f"<= {HELD} ms", found.held <= HELD, details),
    ]


# ---- the policy


async def _policy() -> Measured:
    """From another policy to the snapshot that obeys it."""
    store = Store(trusting((A,)), lambda: NOW)
    for event in _world().events:
        store.apply(event)
    running = asyncio.create_task(store.run())
    try:
        await store.turned(store.version)

        async def change(number: int) -> None:
            rules = Rules(trusted=trusting((A,)).rules.trusted, warn_age=10 + number)
            store.set_policy(Policy(f"changed {number}", rules))
            await store.turned(store.version)

        return await measured(change, ROUNDS)
    finally:
        running.cancel()
        await asyncio.wait({running})


def _world() -> World:
    """Images of a hundred teams, each run by a Deployment of its own, each signed."""
    world = World()
    world.node("n1")
    world.tell(HealthChanged(SourceHealth(SourceId(SourceKind.SIGNATURES), SourceState.OK, world.clock)))
    good = (Outcome(SignatureSystem.NOTATION, Verdict.VALID, "the signature is valid", signer="CN=release"),)
    for number in range(IMAGES):
        name = RepositoryName(A, f"team{number % 100}/app{number}")
        subject = world.manifest(str(name), f"{number:05}", "1")
        world.run(f"team{number % 100}/app{number}", f"{name}:1", f"{name}@{subject}")
        world.tell(SignaturesVerified(SourceId(SourceKind.SIGNATURES), name, subject, good, world.clock))
    return world


# ---- the trust policy


class _Count:
    """Counts what a source says of manifests."""

    def __init__(self, source: SignatureSource) -> None:
        self._source = source
        self._told, self._wanted = 0, 0
        self._reached = asyncio.Event()

    async def hear(self) -> None:
        """Listen until cancelled."""
        async for event in self._source.events():
            if isinstance(event, SignaturesVerified):
                self._told += 1
                if self._told >= self._wanted:
                    self._reached.set()

    async def more(self, number: int) -> None:
        """Wait for so many more than were waited for so far."""
        self._wanted += number
        self._reached.clear()
        if self._told < self._wanted:
            await asyncio.wait_for(self._reached.wait(), 120)


async def _trust() -> Measured:
    """From another trust policy on disk to the last outcome under it; nothing is fetched or parsed again."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        store = directory / "truststore" / "x509" / "ca" / "c"
        store.mkdir(parents=True)
        (store / "root.der").write_bytes(usual().root)
        _write(directory, "first")
        shelf = Shelf()
        options = SignatureOptions(TrustPaths(str(directory)))
        source = SignatureSource(options, lambda host: shelf, now=lambda: SIGNED, watch=0.01)
        source.examine(tuple(_signed(shelf, number) for number in range(IMAGES)))
        count = _Count(source)
        listening = asyncio.create_task(count.hear())
        try:
            await count.more(IMAGES)

            async def change(number: int) -> None:
                _write(directory, f"changed{number}")
                await count.more(IMAGES)

            return await measured(change, ROUNDS)
        finally:
            listening.cancel()
            await asyncio.wait({listening})


def _signed(shelf: Shelf, number: int) -> ArtifactDemand:
    """A demand for an image with a signature of its own."""
    subject = digest(f"image {number}")
    referrer = shelf.attach((JWS, jws(Ask(usual(), digest=subject)), {}))
    return asking(subject, referrer, name=RepositoryName("registry.example", f"team{number % 100}/app{number}"))


def _write(directory: Path, name: str) -> None:
    """Another policy: every outcome names its statement, so each is told anew."""
    policy = document(name=name, trustStores=["ca:c"])
    (directory / "trustpolicy.json").write_text(json.dumps(policy))

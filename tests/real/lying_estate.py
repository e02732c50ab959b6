"""The whole program on a registry that lies: pods that name its images, and what the check `signature` says of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.domain.world import World, check
from tests.real.lying_registry import LyingRegistry, trusted
from tui.domain.common.trust import Check, CheckName
from tui.domain.facts.asking import AuthMode, RevocationMode
from tui.domain.facts.image import RepositoryName
from tui.domain.policy.policy import Policy, built_in
from tui.domain.snapshot.snapshot import Image, Snapshot
from tui.estate.estate import Estate
from tui.sources.kit.credentials import Credentials
from tui.sources.registry.options import RegistryOptions
from tui.sources.registry.source import RegistrySource
from tui.sources.signatures.options import SignatureOptions, TrustPaths
from tui.sources.signatures.source import SignatureSource

__all__ = ["judged", "living"]

LIMIT = 20.0


@asynccontextmanager
async def living(
    lying: LyingRegistry, directory: Path, *references: str, policy: Policy | None = None, refresh: float = 30.0
) -> AsyncIterator[Estate]:
    """An estate whose pods name these references, and which is told of all that the registry holds."""
    world = World()
    world.node("n1")
    for number, reference in enumerate(references):
        tag = reference.rpartition(":")[2] if "@" not in reference else ""
        digest = lying.tags.get(tag, "") if tag else reference.rpartition("@")[2]
        world.run(f"prod/app-{number}", reference, f"{lying.host}/app@{digest}")
    notation, key = trusted(directory)
    made: dict[str, RegistrySource] = {}

    def source(registry: str) -> RegistrySource:
        options = RegistryOptions(
            host=registry, endpoint=f"http://{lying.host}", auth=AuthMode.ANONYMOUS, azure=False, refresh=refresh, reads_all=True
        )
        made[registry] = RegistrySource(options, Credentials())
        return made[registry]

    options = SignatureOptions(TrustPaths(notation, cosign_keys=(key,)), revocation=RevocationMode.OFFLINE)
    signatures = SignatureSource(options, made.get)
    rules = policy or built_in()
    estate = Estate([], source, rules, (lying.host,), later=[signatures], first_facts=world.events)
    async with estate.running():
        yield estate


async def judged(registry: LyingRegistry, directory: Path, reference: str) -> Check:
    """What is said of the signature of what a pod names by a reference."""
    async with living(registry, directory, reference) as estate:
        await estate.settled(LIMIT)
        return check(named(estate.snapshot, registry, reference), CheckName.SIGNATURE)


def named(snapshot: Snapshot, registry: LyingRegistry, reference: str) -> Image:
    """The image that a reference means."""
    digest = reference.rpartition("@")[2] if "@" in reference else registry.tags[reference.rpartition(":")[2]]
    here = RepositoryName(registry.host, "app")
    return next(
        image for image in snapshot.images.values() if image.name == here and digest in (image.key.digest, *image.digests)
    )

"""A log that says what was pushed proves it only where the registry agrees."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.domain import estates as e
from tests.snapshots import snapshot_of
from tui.actions.transitions import Proof, Replaced, Stage
from tui.actions.verify import Awaited, RebuiltImage, Refuted, Verdict, verify
from tui.domain.facts.build import BuilderKind, BuiltImage, JobKey, Run, RunState
from tui.domain.facts.image import RepositoryName
from tui.domain.snapshot.snapshot import Image, ImageKey

SHOP = RepositoryName("contoso.azurecr.io", "shop")
OLD, NEW, FORGED = (f"sha256:{letter * 64}" for letter in "abc")
JOB = JobKey(BuilderKind.JENKINS, "ci", "shop")
BEGUN = e.NOW - timedelta(minutes=10)


def image(digest: str, minutes: int, *tags: str) -> Image:
    """An image that was pushed so many minutes after the run began."""
    return Image(ImageKey(SHOP.registry, SHOP.repository, digest), (digest,), tags, pushed=BEGUN + timedelta(minutes=minutes))


def verdict(digests: dict[str, str], *images: Image) -> Verdict:
    """What follows from a log that says this of tags."""
    pushed = tuple(BuiltImage(SHOP, tag, digest) for tag, digest in digests.items())
    run = Run(BuilderKind.JENKINS, "ci", "7", RunState.SUCCEEDED, JOB, started=BEGUN, images=pushed, by_log=True)
    replaced = Replaced(ImageKey(SHOP.registry, SHOP.repository, OLD), ("1",))
    snapshot = snapshot_of(1, e.NOW, images)
    return verify(Stage.FOLLOWING, RebuiltImage(replaced, run, BEGUN, {}), snapshot, e.NOW)


@pytest.mark.parametrize(
    ("digests", "images", "kind"),
    [
        ({"1": NEW}, [image(OLD, -9000), image(NEW, 2, "1")], Proof),
        ({"1": NEW}, [image(OLD, -9000, "1"), image(NEW, 2)], Awaited),
        ({"1": FORGED}, [image(OLD, -9000), image(NEW, 2, "1")], Awaited),
        ({"1": OLD}, [image(OLD, -9000), image(NEW, 2, "1")], Refuted),
        ({"1": FORGED}, [image(OLD, -9000), image(NEW, 2, "1"), image(FORGED, -900)], Refuted),
        ({"1": FORGED}, [image(OLD, -9000), image(FORGED, -900, "1")], Refuted),
        ({"1-amd64": FORGED, "1-arm64": OLD}, [image(OLD, -9000), image(NEW, 2, "1")], Proof),
    ],
)
def test_a_log_proves_a_push_where_the_registry_agrees(digests: dict[str, str], images: list[Image], kind: type) -> None:
    assert isinstance(verdict(digests, *images), kind)

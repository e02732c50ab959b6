"""A run that does not tell what it pushed, and replaces several versions of an image: an old one by the newer alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.actions.plans import NOW, REGISTRY
from tests.actions.world import World
from tui.actions.transitions import Proof, Replaced, Stage
from tui.actions.verify import Awaited, RebuiltImage, verify
from tui.domain.facts.build import BuilderKind, JobKey, Run, RunState
from tui.domain.facts.image import RepositoryName
from tui.domain.snapshot.snapshot import ImageKey

NAME = RepositoryName(REGISTRY, "api")
JOB = JobKey(BuilderKind.JENKINS, "ci", "api")


@pytest.mark.parametrize(
    ("beside", "is_proven"), [("3.0.2", True), ("3.1.0", True), ("2.9.0", False), ("3.0.2-alpine", False), ("", False)]
)
def test_an_old_version_is_replaced_by_the_newer_one_of_its_series(tmp_path: Path, beside: str, is_proven: bool) -> None:
    world = World(tmp_path)
    old = world.push(NAME, "3.0.0", "", old=True)
    new = world.push(NAME, beside or "3.0.2", "")
    run = Run(
        BuilderKind.JENKINS,
        "ci",
        "7",
        RunState.SUCCEEDED,
        job=JOB,
        started=NOW - timedelta(minutes=1),
        finished=NOW + timedelta(minutes=1),
    )
    image = Replaced(ImageKey(REGISTRY, "api", old), ("3.0.0",))
    built = RebuiltImage(image, run, NOW, {}, (beside,) if beside else ())
    verdict = verify(Stage.FOLLOWING, built, world.snapshot, NOW)
    assert isinstance(verdict, Proof if is_proven else Awaited)
    assert not isinstance(verdict, Proof) or verdict.value == new

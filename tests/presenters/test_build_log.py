"""What the log of the run that pushed an image says of its base, held against the base that is shown."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from tests.domain.estates import ACR, NOW
from tests.domain.plans.kit import current, image, job, key, run, world
from tests.estates import AskNoCluster
from tui.domain.facts.build import BuilderKind, Run, RunState
from tui.domain.facts.image import RepositoryName
from tui.domain.snapshot.snapshot import Snapshot
from tui.presenters.glyphs import UNICODE
from tui.presenters.keys import RowSubject
from tui.presenters.tabs.build_log import pushing_run
from tui.presenters.tabs.lineage import LINEAGE
from tui.presenters.tabs.spec import SectionContext

BASE, API = key("base/debian@1"), key("shop/api@2")
TASK = job("api", "shop/api:1")
PUSHED = run(TASK, "ca1", API)


class Logs(AskNoCluster):
    """Answers with a log; the shape is that of the recorded logs of `az acr build`."""

    def __init__(self, base: str, digest: str, stages: Sequence[str] = (), pushed: str = API.digest) -> None:
        self.asked: list[tuple[str, int]] = []
        registry, _, rest = base.partition("/")
        repository, _, tag = rest.partition(":")
        named = ["  runtime-dependency:", *self._reference(registry, repository, tag, digest, "    ")] if base else []
        earlier = [f"  - {line.strip()}" if place == 0 else f"    {line.strip()}" for stage in stages
                   for place, line in enumerate(self._reference("mcr.microsoft.com", stage, "1", BASE.digest, ""))]  # fmt: skip
        self.lines = [
            "Step 1/2 : FROM it",
            "2026/11/29 08:00:05 The following dependencies were found:",
            "- image:",
            *self._reference(ACR, "shop/api", "1", pushed, "    "),
            *named,
            *(["  buildtime-dependency:", *earlier] if stages else []),
            "  git: {}",
            "",
            "Run ID: ca1 was successful after 4s",
        ]

    @staticmethod
    def _reference(registry: str, repository: str, tag: str, digest: str, indent: str) -> list[str]:
        return [f"{indent}{name}: {text}" for name, text in
                (("registry", registry), ("repository", repository), ("tag", f'"{tag}"'), ("digest", digest))]  # fmt: skip

    async def run_log(self, run: Run, most: int) -> Sequence[str]:
        """The log."""
        self.asked.append((run.id, most))
        return self.lines

    async def manifest(self, name: RepositoryName, digest: str) -> bytes:
        """Nobody asks for one here."""
        raise AssertionError

    configuration = manifest


def estate(*, based: bool = True) -> Snapshot:
    """An image that a run pushed, on a base."""
    api = image(API, "1", base=current(BASE) if based else None)
    return world([image(BASE, "1"), api], (), [TASK], [PUSHED])


async def text_of(logs: Logs, snapshot: Snapshot) -> str:
    """What is shown of it."""
    assert LINEAGE.inquiry is not None
    inquiry = LINEAGE.inquiry(RowSubject(image=API), snapshot)
    assert inquiry is not None
    drawing = await inquiry.ask(logs)
    lines = drawing(SectionContext(snapshot, NOW, UNICODE, 80))
    assert all(len("".join(span.text for span in line.left)) <= 80 for line in lines)
    return " ".join(" ".join("".join(span.text for span in line.left) for line in lines).split())


@pytest.mark.parametrize(
    ("logs", "words"),
    [
        (Logs(f"{ACR}/base/debian:1", BASE.digest), f"built on {ACR}/base/debian:1"),
        (Logs(f"{ACR}/base/debian:1", BASE.digest), "That is the base above."),
        (Logs(f"{ACR}/base/debian:1", API.digest), "That is another build of the base above."),
        (Logs("registry.hub.docker.com/library/node:15", API.digest), f"That contradicts the base above, {ACR}/base/debian."),
        (Logs("registry.hub.docker.com/library/debian:12", API.digest), f"{ACR}/base/debian: one may mirror the other."),
        (Logs("mirror.example/base/debian:12", API.digest), f"{ACR}/base/debian: one may mirror the other."),
        (Logs("mirror.example/other/debian:12", API.digest), f"That contradicts the base above, {ACR}/base/debian."),
        (Logs(f"{ACR}/x/base/debian:1", API.digest), f"That contradicts the base above, {ACR}/base/debian."),
        (Logs(f"{ACR}/base/debian:1", ""), "Whether that is the same build of the base above is not known: "),
        (Logs("mirror.example/No Name:1", API.digest), f"Whether that is the base above, {ACR}/base/debian, is not known: "),
        (Logs("mirror.example/base/debian:1", ""), f"That is what has the name of the base above, {ACR}/base/debian: one may "),
        (Logs(f"{ACR}/base/debian:1", BASE.digest, ("dotnet/sdk",)), "with mcr.microsoft.com/dotnet/sdk:1"),
        (Logs(f"{ACR}/base/debian:1", BASE.digest, pushed=BASE.digest), "What could be read of it does not mention this image."),
        (Logs("", ""), "It names no base."),
    ],
)
async def test_the_log_confirms_or_contradicts_the_base(logs: Logs, words: str) -> None:
    assert words in await text_of(logs, estate())
    assert logs.asked == [("ca1", 2000)]


async def test_the_same_content_under_the_name_of_a_mirror_is_the_base() -> None:
    """What a cache rule has copied may be an index of its own around the same platforms."""
    copy = key("library/debian@9", "mirror.example")
    base = msgspec.structs.replace(image(BASE, "1"), same_content=(copy,))
    snapshot = world([base, image(API, "1", base=current(BASE))], (), [TASK], [PUSHED])
    assert "That is the base above." in await text_of(Logs("mirror.example/library/debian:12", copy.digest), snapshot)


@pytest.mark.parametrize("lines", [(), ("Step 1/2 : FROM it", "Only the first 50,000 lines are read here; the log goes on.")])
async def test_a_log_that_is_gone_or_cut_does_not_say_that_there_is_no_base(lines: tuple[str, ...]) -> None:
    logs = Logs("", "")
    logs.lines = [*lines]
    text = await text_of(logs, estate())
    assert "does not mention this image" in text
    assert "names no base" not in text


async def test_where_nothing_else_names_a_base_the_log_still_does() -> None:
    text = await text_of(Logs(f"{ACR}/base/debian:1", BASE.digest), estate(based=False))
    assert f"built on {ACR}/base/debian:1" in text
    assert "Nothing else names its base." in text


def test_only_the_run_that_pushed_it_is_asked() -> None:
    assert pushing_run(API, estate()) == PUSHED
    assert pushing_run(BASE, estate()) is None
    for other in (
        msgspec.structs.replace(PUSHED, state=RunState.FAILED),
        msgspec.structs.replace(PUSHED, by_log=True),
        run(TASK, "ca2", BASE),
    ):
        assert pushing_run(API, world([image(API, "1")], (), [TASK], [other])) is None
    workflow = job("contoso/shop/api.yml", "shop/api:1", kind=BuilderKind.GITHUB_ACTIONS, builder="gh")
    assert pushing_run(API, world([image(API, "1")], (), [workflow], [run(workflow, "7", API)])) is None

"""End of life: the table, what is read of an image, and what the check `base` makes of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from tests.domain.scan_kit import report, set_up, tell
from tests.domain.world import NOW, World, check, digest, image
from tui.domain.assemble.assemble import Assembler
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.facts.events import ConfigRead, Event, SourceState
from tui.domain.facts.image import HistoryEntry
from tui.domain.lineage.endoflife import AS_OF, Product, end_of_life, newest_release, parse_product
from tui.domain.lineage.runtimes import runtimes_of
from tui.domain.policy.policy import Policy
from tui.domain.policy.rules import Rules

APP = "a.azurecr.io/app"
DEBIAN = "# debian.sh --arch 'amd64' out/ '{}' '@1733097600'"  # docker-library/repo-info
ALPINE = "ADD alpine-minirootfs-{}-x86_64.tar.gz / # buildkit"


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("debian 11", "2026-08-31"),
        ("debian 12.11", "2028-06-30"),
        ("alpine 3.20.3", "2026-04-01"),
        ("alpine 3.2", None),
        ("ubuntu 20.04", "2025-05-31"),
        ("ubi 8", "2029-05-31"),
        ("redhat 8.9", "2029-05-31"),
        ("centos 7.9.2009", "2024-06-30"),
        ("cbl-mariner 2.0", "2025-07-31"),
        ("azurelinux 3.0", "2027-08-31"),
        ("amazon 2 (Karoo)", "2026-06-30"),
        ("windows server 2019", "2029-01-09"),
        ("wolfi 20230201", None),
    ],
)
def test_systems(text: str, ends: str | None) -> None:
    """Dates of endoflife.date; the names are those of hints, labels and trivy's families."""
    product = parse_product(text)
    assert product is not None
    assert end_of_life(product) == (date.fromisoformat(ends) if ends else None)


@pytest.mark.parametrize("text", ["", "debian", "distroless", "debian sid"])
def test_what_names_no_release_is_not_judged(text: str) -> None:
    assert parse_product(text) is None


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        (["/bin/sh -c #(nop)  ENV PYTHON_VERSION=3.9.18"], [("python", "3.9.18")]),
        (["ENV PYTHON_VERSION=3.9.18", "ENV PYTHON_VERSION=3.12.1"], [("python", "3.12.1")]),
        (["ENV NODE_VERSION=18.19.0", "ENV YARN_VERSION=1.22.19"], [("nodejs", "18.19.0")]),
        (["ENV JAVA_VERSION=jdk-17.0.9+9"], [("java", "17.0.9")]),
        (["ENV JAVA_VERSION=jdk8u392-b08"], [("java", "8")]),
        (["ENV JAVA_VERSION=1.8.0_275"], [("java", "8.0")]),
        (["ENV DOTNET_VERSION=6.0.36 ASPNET_VERSION=6.0.36"], [("dotnet", "6.0.36")]),
        (["ENV GOLANG_VERSION 1.21.5"], [("go", "1.21.5")]),
        (['ENV PHP_VERSION="8.1.2"', "ENV RUBY_VERSION=3.1.4"], [("php", "8.1.2"), ("ruby", "3.1.4")]),
        (["RUN echo PYTHON_VERSION=3.9"], []),
        (["ENV MY_PYTHON_VERSION=3.9", "ENV PYTHON_VERSION=latest"], []),
    ],
)
def test_runtimes(steps: list[str], found: list[tuple[str, str]]) -> None:
    """Variables of the Docker Official Images and of dotnet/dotnet-docker."""
    history = [HistoryEntry(step) for step in steps]
    assert [(each.name, each.version) for each in runtimes_of(history)] == found


def test_the_newest_release_is_the_one_with_the_longest_life() -> None:
    assert newest_release("debian", date(2026, 3, 1)) == (Product("debian", "13"), date(2030, 6, 30))
    assert newest_release("centos", date(2026, 3, 1)) is None
    assert date(2026, 1, 1) < AS_OF


def judged(*steps: str, at: datetime = NOW, rules: Rules | None = None, world: World | None = None) -> Check:
    """The check `base` of an image with these build steps, on a base that is the newest build."""
    world = world or World()
    world.manifest("a.azurecr.io/base", "base", "1", layers="b")
    says = {"org.opencontainers.image.base.name": "a.azurecr.io/base:1"}
    app = world.manifest(APP, "app", "1", layers="ba", says=says)
    world.events = [_with_steps(event, steps) for event in world.events]
    snapshot = Assembler().assemble(world.inventory().freeze(), Policy("test", rules or Rules()), at)
    return check(image(snapshot, app), CheckName.BASE)


def _with_steps(event: Event, steps: tuple[str, ...]) -> Event:
    if isinstance(event, ConfigRead) and len(event.config.diff_ids) == 2:
        history = (event.config.history[0], *(HistoryEntry(step, empty_layer=True) for step in steps), event.config.history[1])
        return ConfigRead(msgspec.structs.replace(event.config, history=history))
    return event


def test_alive_changes_nothing() -> None:
    assert judged(DEBIAN.format("bookworm")) == judged()
    assert judged().state is State.PASS


def test_a_system_at_its_end_fails_and_says_what_would_change() -> None:
    answer = judged(DEBIAN.format("buster"))
    assert (answer.state, answer.brief) == (State.FAIL, "Debian 10 at end of life")
    assert answer.reason.startswith("Debian 10 has had no fixes since 2024-06-30 (endoflife.date, as of ")
    then = "; then rebuild this image on it."
    assert answer.remedy == f"Build a.azurecr.io/base:1 on Debian 13, which has fixes until 2030-06-30{then}"
    assert answer.rule == "base.end_of_life = fail (built in)"


@pytest.mark.parametrize(
    ("days", "state"), [(91, State.PASS), (90, State.WARN), (1, State.WARN), (0, State.FAIL), (-1, State.FAIL)]
)
def test_ninety_days_before_it_warns(days: int, state: State) -> None:
    at = datetime(2026, 4, 1, 12, tzinfo=UTC) - timedelta(days=days)
    assert judged(ALPINE.format("3.20.3"), at=at).state is state


def test_a_runtime_at_its_end_warns() -> None:
    answer = judged("ENV PYTHON_VERSION=3.8.20")
    assert (answer.state, answer.brief) == (State.WARN, "Python 3.8.20 at end of life")


def test_a_policy_may_not_ask() -> None:
    assert judged(DEBIAN.format("buster"), rules=Rules(base_end_of_life=State.OFF)).state is State.PASS
    assert judged(DEBIAN.format("buster"), rules=Rules(base_end_of_life=State.WARN)).state is State.WARN


def scanned(state: SourceState = SourceState.OK, **fields: object) -> Check:
    world = World()
    set_up(world, "Trivy", state=state)
    tell(world, report(digest("config app linux/amd64"), **fields))  # type: ignore[arg-type]
    return judged(world=world)


def test_where_nothing_else_tells_a_scanner_does() -> None:
    assert scanned(os="cbl-mariner 2.0").brief == "Azure Linux 2.0 at end of life"
    unheard = scanned(os="photon 3", end_of_life=True)
    assert (unheard.state, unheard.reason.startswith("Trivy says that photon 3 is at its end of life.")) == (State.FAIL, True)


@pytest.mark.parametrize("fields", [{"os": "photon 3", "end_of_life": True}, {"os": "cbl-mariner 2.0"}])
def test_what_a_lost_scanner_told_is_not_known(fields: dict[str, object]) -> None:
    answer = scanned(SourceState.FAILED, **fields)
    assert (answer.state, answer.brief) == (State.UNKNOWN, "end of life unknown")
    assert scanned(SourceState.FAILED, os="debian 13").state is State.PASS

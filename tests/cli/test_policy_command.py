"""`trustree policy`, and a policy file that changes while the program runs."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.fakes import opener_of
from tests.domain import estates as e
from tui.cli.main import main
from tui.domain.facts.events import Event, HealthChanged, SourceHealth, SourceState
from tui.domain.policy.policy import Policy
from tui.domain.snapshot.snapshot import EMPTY
from tui.errors import InvalidConfig
from tui.settings.policy_file import builtin_text, read_policy
from tui.wiring.policy_watch import PolicyWatch

OURS = """\
[age]
max = 60

[scope.b]
clusters = ["prod"]
age.max = 30

[scope.a]
clusters = ["prod"]
age.max = 20

[exception."EX-1"]
checks = ["age"]
repositories = ["contoso.azurecr.io/a"]
reason = "slow \\"vendor\\""
owner = "ann"
until = 2020-01-01
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A policy."""
    path = tmp_path / "ours.toml"
    path.write_text(OURS)
    path.chmod(0o600)
    return path


def run(*argv: str) -> int:
    """Run the command line on a small estate."""
    return main(["policy", *argv], opener=opener_of(e.estate()))


def test_show_prints_the_policy_that_ships(capfd: pytest.CaptureFixture[str]) -> None:
    assert (run(), run("show")) == (0, 0)
    assert capfd.readouterr().out == builtin_text() * 2


def test_show_says_where_each_setting_is_written_and_reads_as_a_policy(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("show", "--policy", str(file)) == 0
    out = capfd.readouterr().out
    assert "max = 60                                  # policy ours\n" in out
    assert "warn = 90                                 # built in\n" in out
    assert '[exception.EX-1]  # expired: ignored\nchecks = ["age"]\n' in out
    again, before = read_policy(out.encode(), "ours.toml"), read_policy(OURS.encode(), "ours.toml")
    assert (again.scopes, again.exceptions, again.rules.max_age) == (before.scopes, before.exceptions, 60)


def test_check_says_what_is_odd(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("check", str(file)) == 0
    assert capfd.readouterr().out.splitlines() == [
        f"{file}: a policy with 2 scopes, 1 exception",
        "expired, and therefore ignored: EX-1",
        "scopes a and b can be equally specific, a then decides on: age.max",
    ]


def test_a_policy_that_everybody_may_write_is_refused(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file.chmod(0o666)
    for argv in (("check", str(file)), ("show", "--policy", str(file))):
        assert run(*argv) == 1
        assert f"{file} is writable for everyone.\n  Run `chmod o-w {file}` first." in capfd.readouterr().err


@pytest.mark.parametrize("argv", [("check",), ("explain",), ("show",)])
def test_a_faulty_file_ends_with_its_place(argv: tuple[str, ...], file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file.write_text("[age]\nmax = 'old'\n")
    opener = opener_of(EMPTY, error=InvalidConfig(f"{file}:2:1: `max` has a wrong value."))
    assert main(["policy", *argv, "--policy", str(file)], opener=opener) == 1
    assert f"{file}:2:1: `max` has a wrong value" in capfd.readouterr().err


@pytest.mark.parametrize("argv", [("judge",), ("show", "x"), ("check", "a", "b"), ("explain", "nss:x")])
def test_what_is_no_command_is_an_error(argv: tuple[str, ...]) -> None:
    assert run(*argv) == 1


def test_explain_names_the_rule_of_each_check(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("explain", "repo:mesh/proxy", "ns:kube-system") == 0
    assert capfd.readouterr().out.splitlines()[:4] == [
        f"contoso.azurecr.io/mesh/proxy:1.0@{e.PROXY.digest}: warn",
        "  warn     age        Built 80 days ago.",
        "  runs in prod-weu/payments: Deployment/api",
        "  runs in prod-neu/kube-system: DaemonSet/dns",
    ]


# ---- followed


def write(file: Path, text: str = "") -> None:
    """Write a file anew, or take it away."""
    if text:
        file.write_text(text)
    else:
        file.unlink()


async def health(events: AsyncGenerator[Event, None]) -> SourceHealth:
    """The next word on its health."""
    event = await anext(events)
    assert isinstance(event, HealthChanged)
    return event.health


async def test_a_change_counts_and_a_fault_keeps_what_was(file: Path) -> None:
    watch = PolicyWatch(str(file), pause=0.001)
    taken: list[Policy] = []
    watch.taken = taken.append
    async with aclosing(watch.events()) as events:
        assert (await health(events)).state is SourceState.OK
        write(file, "[age]\nmax = 1\n")
        assert (await health(events)).state is SourceState.OK
        write(file, "[age]\nmax = 'x' # faulty\n")
        ill = await health(events)
        assert (ill.state, ill.objects) == (SourceState.PARTIAL, 1)
        assert f"{file}:2:1: `max` has a wrong value. What was read before still counts." == ill.error
        assert "whole number" in ill.remedy
        write(file)
        assert "There is no file" in (await health(events)).error
        write(file, "[age]\nmax = 2\n")
        assert (await health(events)).state is SourceState.OK
    assert [policy.rules.max_age for policy in taken] == [1, 2]


async def test_a_link_that_is_turned_to_another_file_is_a_change(tmp_path: Path) -> None:
    """A mounted ConfigMap changes so: `..data` is renamed over the old link."""
    for name in ("one", "two"):
        (tmp_path / name).write_text(f"[age]\nmax = {len(name)}\nwarn = {'1' if name == 'one' else '2'}\n")
    link = tmp_path / "policy.toml"
    link.symlink_to(tmp_path / "one")
    watch = PolicyWatch(str(link), pause=0.001)
    async with aclosing(watch.events()) as events:
        await health(events)
        (tmp_path / "next").symlink_to(tmp_path / "two")
        os.replace(tmp_path / "next", link)
        await health(events)
    assert watch.policy.rules.warn_age == 2


async def test_the_end_of_an_exception_is_a_change(file: Path) -> None:
    write(file, OURS.replace("2020-01-01", "2026-03-01"))
    clock = [datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)]
    watch = PolicyWatch(str(file), clock=lambda: clock[0], pause=0.001)
    taken: list[Policy] = []

    def take(policy: Policy) -> None:
        taken.append(policy)
        write(file, OURS)  # whose coming ends the wait below

    watch.taken = take
    async with aclosing(watch.events()) as events:
        await health(events)
        clock[0] += timedelta(seconds=1)
        await health(events)
    assert taken[0].exceptions[0].until == clock[0]


def test_without_a_first_good_policy_nothing_starts(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="no file"):
        PolicyWatch(str(tmp_path / "none.toml"))

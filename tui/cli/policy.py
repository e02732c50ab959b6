"""`trustree policy`: the policy in force, which of its rules decided on an image, and whether a file is one."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from tui.cli.commands import Invocation
from tui.cli.flags import add_wait
from tui.cli.output import Exit, Writer, look_of_stdout, write_stdout
from tui.cli.reading import Opener, exit_of_report, look, remark
from tui.domain.common.trust import Check
from tui.domain.policy.policy import Policy
from tui.domain.policy.rules import SETTINGS, Rules, shown
from tui.domain.policy.scopes import Scope, tied
from tui.domain.query.query import Query
from tui.domain.snapshot.snapshot import Container, Image, Snapshot, Workload
from tui.reports.columns import plain
from tui.reports.document import Document
from tui.reports.wire import verdict_of
from tui.settings.policy_file import builtin_text, load_policy
from tui.settings.settings import Settings

__all__ = ["add_arguments", "check", "explain", "run", "show"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How long `explain` waits."""
    add_wait(parser)


def run(call: Invocation) -> Exit:
    """Show, explain or check."""
    match call.action:
        case "explain":
            return explain(call.settings, call.query(), call.flags.wait, call.opener, write_stdout)
        case "check":
            return check(call.settings, call.text, write_stdout)
        case _:
            return show(call.settings, write_stdout)


def show(settings: Settings, write: Writer) -> Exit:
    """Print the policy in force: the built-in one as it is written, another setting by setting with where each is written."""
    if not settings.policy:
        write([builtin_text().encode()])
    else:
        _print(settings, _shown(load_policy(settings.policy)), write)
    return Exit.OK


def check(settings: Settings, path: str, write: Writer) -> Exit:
    """Say whether a file is a policy, and what is odd about it. Raises InvalidConfig with the place of the first fault."""
    policy = load_policy(path or settings.policy)
    _print(settings, _summary(policy, datetime.now(UTC)), write)
    return Exit.OK


def explain(settings: Settings, query: Query, wait: float, opener: Opener, write: Writer) -> Exit:
    """Print each check of what the query finds with the rule, the scope and the exception that decided."""
    snapshot, selection = look(settings, query, wait, opener)
    document = Document(snapshot, selection)
    _print(settings, _explained(snapshot, document.images(), document.workloads()), write)
    remark(snapshot, selection)
    return exit_of_report(snapshot, selection)


def _print(settings: Settings, lines: Iterable[str], write: Writer) -> None:
    unicode = look_of_stdout(settings.ascii).unicode
    write(f"{plain(line, unicode)}\n".encode(errors="replace") for line in lines)


# ---- show


def _shown(policy: Policy) -> Iterator[str]:
    yield f"# {policy.name}: {policy.path}"
    section = ""
    for field, place in SETTINGS.items():
        if place[:-1] != (section,) and len(place) > 1:
            section = place[0]
            yield ""
            yield f"[{section}]"
        yield f"{place[-1]} = {_value(policy.rules, field)}".ljust(40) + f"  # {policy.rules.origin(field)}"
    for scope in policy.scopes:
        yield from _scope(scope)
    yield from _exceptions(policy)


def _scope(scope: Scope) -> Iterator[str]:
    yield ""
    yield f"[scope.{scope.name}]"
    yield from _conditions(scope.clusters, scope.namespaces, tuple(pattern.text for pattern in scope.repositories))
    for field, value in scope.settings:
        yield f"{'.'.join(SETTINGS[field])} = {_toml(value)}"


def _exceptions(policy: Policy) -> Iterator[str]:
    now = datetime.now(UTC)
    for waiver in policy.exceptions:
        yield ""
        yield f"[exception.{waiver.id}]" + ("" if now < waiver.until else "  # expired: ignored")
        yield from _lists(checks=waiver.checks, cves=waiver.cves, digests=waiver.digests)
        yield from _conditions(waiver.clusters, waiver.namespaces, tuple(pattern.text for pattern in waiver.repositories))
        yield f"reason = {_toml(waiver.reason)}"
        yield f"owner = {_toml(waiver.owner)}"
        yield f"until = {waiver.until:%Y-%m-%dT%H:%M:%SZ}"


def _conditions(clusters: tuple[str, ...], namespaces: tuple[str, ...], repositories: tuple[str, ...]) -> Iterator[str]:
    return _lists(clusters=clusters, namespaces=namespaces, repositories=repositories)


def _lists(**lists: tuple[str, ...]) -> Iterator[str]:
    return (f"{name} = {_toml(values)}" for name, values in lists.items() if values)


def _value(rules: Rules, field: str) -> str:
    return _toml(getattr(rules, field))


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(shown(member)) for member in value)}]"
    if isinstance(value, bool | int):
        return shown(value)
    quoted = shown(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


# ---- check


def _summary(policy: Policy, now: datetime) -> Iterator[str]:
    ended = [exception.id for exception in policy.exceptions if now >= exception.until]
    yield f"{policy.path or 'the built-in policy'}: a policy with {_count(policy.scopes, 'scope')}, " + _count(
        policy.exceptions, "exception"
    )
    if ended:
        yield f"expired, and therefore ignored: {', '.join(ended)}"
    for first, second, fields in tied(policy.scopes):
        names = ", ".join(".".join(SETTINGS[field]) for field in fields)
        yield f"scopes {first} and {second} can be equally specific, {first} then decides on: {names}"


def _count(parts: tuple[object, ...], name: str) -> str:
    return f"{len(parts)} {name}" + ("" if len(parts) == 1 else "s")


# ---- explain


def _explained(snapshot: Snapshot, images: Iterable[Image], workloads: Iterable[Workload]) -> Iterator[str]:
    for image in images:
        tags = f":{image.tags[0]}" if image.tags else ""
        yield f"{image.name}{tags}@{image.key.digest}: {verdict_of(image.verdict)}"
        yield from _checks(image.checks)
        for user in snapshot.users.get(image.key, ()):
            yield f"  runs in {user.cluster}/{user.namespace}: {user.kind}/{user.name}"
        yield ""
    for workload in workloads:
        for container in workload.containers:
            yield from _container(workload, container)


def _container(workload: Workload, container: Container) -> Iterator[str]:
    key = workload.key
    where = "/".join(part for part in (key.cluster, key.namespace, key.kind, key.name, container.name) if part)
    yield f"{where}: {verdict_of(container.verdict)} ({container.image})"
    yield from _checks(container.checks)
    yield ""


def _checks(checks: Iterable[Check]) -> Iterator[str]:
    for check in checks:
        yield f"  {check.state:8} {check.name:10} {check.reason}"
        if check.rule:
            yield f"  {'':8} {'rule':10} {check.rule}"

"""The scanners as settings describe them: a part of the composition root."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import assert_never

import msgspec

from tui.domain.common.text import clean
from tui.errors import InvalidConfig
from tui.settings.settings import ScannerKind, ScannerSettings, Settings
from tui.sources.azure.graph import GraphOptions, ResourceGraph
from tui.sources.kit.credentials import EntraTokens
from tui.sources.ports import ClusterReader, ContentReader
from tui.sources.scanners.aqua import AquaSource
from tui.sources.scanners.attached import AttachedSource
from tui.sources.scanners.console import ConsoleOptions
from tui.sources.scanners.defender import DefenderOptions, DefenderSource
from tui.sources.scanners.files import FilesSource
from tui.sources.scanners.prisma import PER_MINUTE, PrismaSource
from tui.sources.scanners.rounds import Pace, ScannerSource
from tui.sources.scanners.trivy_operator import PACE, TrivyOperatorSource
from tui.wiring.azure import resource_manager

__all__ = ["AnyScanner", "scanner_sources"]

NO_LIMIT = 86_400.0
"""Seconds that stand for no limit on a request: a day."""
AnyScanner = ScannerSource | AttachedSource


_UNASKED = (ScannerKind.DEFENDER, ScannerKind.TRIVY_OPERATOR, ScannerKind.ATTACHED)
"""Kinds that are read without being named: where they are not, that is said and costs nothing."""


class _Parts(msgspec.Struct):
    """What sources are made of."""

    settings: Settings
    clusters: Sequence[ClusterReader]
    registries: Callable[[str], ContentReader | None]
    entra: EntraTokens | None
    environment: Mapping[str, str]


def scanner_sources(
    settings: Settings,
    clusters: Sequence[ClusterReader],
    registries: Callable[[str], ContentReader | None],
    entra: EntraTokens | None,
    environment: Mapping[str, str],
) -> list[AnyScanner]:
    """The sources that settings name, and those that need not be named. Raises InvalidConfig."""
    parts = _Parts(settings, clusters, registries, entra, environment)
    kinds = {scanner.kind for scanner in settings.scanner.values()}
    # The demo leads to its own Azure by naming Defender; without that, nothing of it may reach the real one.
    unasked = [kind for kind in _UNASKED if kind not in kinds and not (settings.demo and kind is ScannerKind.DEFENDER)]
    tables = {**{str(kind): ScannerSettings(kind) for kind in unasked}, **settings.scanner}
    sources = [source for name, table in tables.items() if table.enabled for source in _made(name, table, parts)]
    return [*sources, *_files(settings.scan_reports)]


def _made(name: str, table: ScannerSettings, parts: _Parts) -> Sequence[AnyScanner]:
    match table.kind:
        case ScannerKind.TRIVY_OPERATOR:
            return [TrivyOperatorSource(reader, _pace(table, PACE)) for reader in parts.clusters]
        case ScannerKind.ATTACHED:
            return [AttachedSource(parts.registries)]
        case ScannerKind.DEFENDER:
            return _defender(name, table, parts)
        case ScannerKind.AQUA:
            return [AquaSource(name, _console(name, table, parts), _pace(table))]
        case ScannerKind.PRISMA:
            options = msgspec.structs.replace(_console(name, table, parts), per_minute=PER_MINUTE)
            return [PrismaSource(name, options, _pace(table))]
        case _:
            assert_never(table.kind)


def _defender(name: str, table: ScannerSettings, parts: _Parts) -> Sequence[AnyScanner]:
    endpoint = table.endpoint or resource_manager(parts.environment)
    if parts.entra is None or not endpoint:
        return []  # told never to sign in to Azure, or signed in to a cloud whose Resource Manager nobody names
    usual = GraphOptions()
    options = GraphOptions(
        endpoint=endpoint,
        ca_file=table.ca_file,
        subscriptions=table.subscriptions,
        timeout=_timeout(parts.settings, usual.timeout),
    )
    expected = name in parts.settings.scanner
    return [DefenderSource(ResourceGraph(parts.entra, options), DefenderOptions(name, expected, _pace(table)))]


def _console(name: str, table: ScannerSettings, parts: _Parts) -> ConsoleOptions:
    usual = ConsoleOptions(table.endpoint)
    return ConsoleOptions(
        endpoint=table.endpoint,
        ca_file=table.ca_file,
        username=table.username,
        password=_secret(name, table.password_env, parts.environment),
        token=_secret(name, table.token_env, parts.environment),
        sign_in=table.sign_in,
        timeout=_timeout(parts.settings, usual.timeout),
    )


def _files(paths: Sequence[str]) -> list[AnyScanner]:
    """The files named; a name without a file is a mistake of the command line. Raises InvalidConfig."""
    files = [Path(path).expanduser() for path in paths]
    for file in files:
        shown = clean(str(file), 200)
        if not file.exists():
            raise InvalidConfig(f"There is no file {shown}.", "Correct the name after --scan-report.")
        if not file.is_file():
            raise InvalidConfig(f"{shown} is not a regular file.", "Write the report to a file, and name that.")
    return [FilesSource(files)] if files else []


def _secret(name: str, variable: str, environment: Mapping[str, str]) -> str:
    """What the variable named holds, empty when none is named. Raises InvalidConfig."""
    if not variable:
        return ""
    secret = environment.get(variable, "")
    if not secret:
        raise InvalidConfig(
            f"The secret of the scanner {clean(name, 60)} is expected in the variable {variable}, which is not set.",
            f"Set {variable}, or change the scanner in the configuration.",
        )
    return secret


def _pace(table: ScannerSettings, usual: Pace | None = None) -> Pace:
    pace = usual or Pace()
    return pace if table.refresh is None else msgspec.structs.replace(pace, refresh=table.refresh)


def _timeout(settings: Settings, usual: float) -> float:
    """Seconds that a request may take; 0 in the settings means no limit."""
    timeout = settings.request_timeout
    return usual if timeout is None else timeout or NO_LIMIT

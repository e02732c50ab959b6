"""The builders as settings describe them: a part of the composition root."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never
from urllib.parse import urlsplit

from tui.domain.common.text import clean
from tui.domain.facts.build import BuilderKind, JobKey
from tui.domain.facts.build_events import BuildersConfigured
from tui.domain.facts.build_events import ConfiguredJob as JobOfImages
from tui.domain.facts.patterns import parse_pattern
from tui.errors import InvalidConfig
from tui.settings.builders import BuilderSettings, CiKind
from tui.settings.settings import Settings
from tui.sources.builders.github.session import api_of
from tui.sources.builders.options import BuilderOptions, ConfiguredJob
from tui.sources.builders.secrets import Basic, Bearer, EntraBearer, Nobody, PrintedBearer, Secret
from tui.sources.builders.source import ConfiguredBuilder, ConfiguredSource
from tui.sources.kit.credentials import EntraTokens
from tui.sources.kit.redirects import is_loopback

__all__ = ["builder_sources", "configured_builders", "told_jobs"]

NO_LIMIT = 86_400.0
"""Seconds that stand for no limit on a request: a day."""
_GITHUB = ("GH_TOKEN", "GITHUB_TOKEN")
_ENTERPRISE = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")
_AZURE_DEVOPS = "AZURE_DEVOPS_EXT_PAT"
"""The variables that `gh` and `az devops` read: each is for its own service alone."""


def builder_sources(settings: Settings, entra: EntraTokens | None, environment: Mapping[str, str]) -> list[ConfiguredSource]:
    """A source for each builder. Raises InvalidConfig."""
    builders = configured_builders(settings, entra, environment)
    tables = [(builder, settings.builder[builder.name]) for builder in builders]
    return [ConfiguredSource(builder, table.refresh, _jobs(table)) for builder, table in tables]


def configured_builders(settings: Settings, entra: EntraTokens | None, environment: Mapping[str, str]) -> list[ConfiguredBuilder]:
    """The builders that the settings name and that are not left alone. Raises InvalidConfig."""
    tables = ((name, table) for name, table in settings.builder.items() if table.enabled)
    return [_made(name, table, settings, entra, environment) for name, table in tables]


def _jobs_of_images(settings: Settings) -> tuple[JobOfImages, ...]:
    """Which job the settings name for which images."""
    return tuple(
        JobOfImages(parse_pattern(pattern), JobKey(BuilderKind(table.kind), name, job.job))
        for name, table in settings.builder.items()
        if table.enabled
        for pattern, job in table.images.items()
    )


def told_jobs(settings: Settings) -> tuple[BuildersConfigured, ...]:
    """The event that says so; none when nothing is configured."""
    jobs = _jobs_of_images(settings)
    return (BuildersConfigured(jobs),) if jobs else ()


def _made(
    name: str, table: BuilderSettings, settings: Settings, entra: EntraTokens | None, environment: Mapping[str, str]
) -> ConfiguredBuilder:
    options, secret = _options(name, table, settings), _secret(name, table, entra, environment)
    match table.kind:
        case CiKind.AZURE_PIPELINES:
            from tui.sources.builders.pipelines.builder import PipelinesBuilder

            return PipelinesBuilder(options, secret)
        case CiKind.GITHUB_ACTIONS:
            from tui.sources.builders.github.builder import GitHubBuilder

            return GitHubBuilder(options, secret)
        case CiKind.JENKINS:
            from tui.sources.builders.jenkins.builder import JenkinsBuilder

            return JenkinsBuilder(options, secret)
        case _:
            assert_never(table.kind)


def _jobs(table: BuilderSettings) -> tuple[ConfiguredJob, ...]:
    """What the table says of its jobs."""
    return tuple(ConfiguredJob(parse_pattern(images), job.job, job.ref, job.parameters) for images, job in table.images.items())


def _options(name: str, table: BuilderSettings, settings: Settings) -> BuilderOptions:
    usual = BuilderOptions(name, table.url)
    timeout = settings.request_timeout
    return BuilderOptions(
        name=name,
        url=table.url,
        jobs=_jobs(table),
        ca_file=table.ca_file,
        timeout=usual.timeout if timeout is None else timeout or NO_LIMIT,
    )


def _secret(name: str, table: BuilderSettings, entra: EntraTokens | None, environment: Mapping[str, str]) -> Secret:
    """Who signs in: what the table says, else what the tools of the service use. Raises InvalidConfig."""
    if table.token_command:
        return PrintedBearer(table.token_command, environment)
    variable = table.token_env or table.password_env
    secret = environment.get(variable, "") if variable else ""
    if variable and not secret:
        raise InvalidConfig(
            f"The secret of the builder {clean(name, 60)} is expected in the variable {variable}, which is not set.",
            f"Set {variable}, or change the builder in the configuration.",
        )
    match table.kind:
        case CiKind.JENKINS:
            return Basic(table.username, secret) if secret else Nobody()
        case CiKind.AZURE_PIPELINES:
            token = secret or (environment.get(_AZURE_DEVOPS, "") if _is_azure(table.url) else "")
            if token:
                return Basic(table.username, token)
            is_told = _is_azure(table.url) or is_loopback(urlsplit(table.url).hostname)
            return EntraBearer(entra) if entra is not None and is_told else Nobody()
        case CiKind.GITHUB_ACTIONS:
            return Bearer(secret) if secret else _github(table, environment)
        case _:
            assert_never(table.kind)


def _is_azure(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == "dev.azure.com" or host.endswith(".visualstudio.com")


def _github(table: BuilderSettings, environment: Mapping[str, str]) -> Secret:
    """As `gh` does: its variables, each for github.com or for a server of one's own; else what it prints."""
    host = urlsplit(api_of(table.url)).hostname or ""
    is_public = host == "api.github.com"
    variables = _GITHUB if is_public or host.endswith(".ghe.com") else _ENTERPRISE
    token = next((environment[name] for name in variables if environment.get(name)), "")
    if token:
        return Bearer(token)
    return PrintedBearer(
        ("gh", "auth", "token", "--hostname", "github.com" if is_public else host.removeprefix("api.")), environment
    )

"""The build systems of a run of the demo, as its settings name them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tui.demo.builders.github import GitHub, LogStore
from tui.demo.builders.jenkins import Jenkins
from tui.demo.builders.jobs import JobModel, System, jobs_of
from tui.demo.builders.pipelines import ORGANISATION, Pipelines
from tui.demo.builders.pushing import CompanyPusher
from tui.demo.builders.works import Works
from tui.demo.estate.company import Company
from tui.demo.estate.publisher import Published
from tui.demo.faults import Faults
from tui.demo.http import Handler

__all__ = ["BuilderService", "make_builders"]

USER = "operator"


@dataclass(frozen=True, slots=True)
class BuilderService:
    """A build system; `secret` is the token of its user, empty where Entra tokens count."""

    system: System
    handler: Handler
    jobs: tuple[JobModel, ...]
    secret: str = ""

    @property
    def variable(self) -> str:
        """The environment variable that holds the token."""
        return f"TRUSTREE_DEMO_{self.system.name}"

    def settings(self, url: str) -> Mapping[str, str]:
        """Its table in the settings."""
        table = {"kind": str(self.system), "url": f"{url}/{ORGANISATION}" if self.system is System.PIPELINES else url}
        user = {"username": USER} if self.system is System.JENKINS else {}
        return {**table, **user, **({"token_env": self.variable} if self.secret else {})}

    def images(self) -> Mapping[str, str]:
        """Which job builds which image."""
        return {job.line: job.name for job in self.jobs}


def make_builders(
    company: Company,
    is_known: Callable[[str], bool],
    faults: Faults,
    logs: LogStore,
    *,
    denied: bool,
    listeners: list[Callable[[Published], None]] | None = None,
    pace: float = 1.0,
) -> list[BuilderService]:
    """All of them; with `denied` the tokens are wrong. `listeners` are told of pushes, and pipelines listen for their bases."""
    told_of_pushes = [] if listeners is None else listeners
    pusher = CompanyPusher(company, told_of_pushes)
    tokens = {system: secrets.token_urlsafe(12) for system in System}
    right = {system: secrets.token_urlsafe(12) if denied else token for system, token in tokens.items()}
    present = {system: tuple(job for job in jobs_of(system) if job.line in company.yard.published) for system in System}
    works = {system: Works(jobs, pusher, _faults_of(faults, system), pace) for system, jobs in present.items()}
    told_of_pushes.append(lambda published: works[System.PIPELINES].base_pushed(published.name, pusher.base_of))
    servers: Mapping[System, Handler] = {
        System.PIPELINES: Pipelines(works[System.PIPELINES], right[System.PIPELINES], is_known, pusher.base_of).handle,
        System.GITHUB: GitHub(works[System.GITHUB], right[System.GITHUB], logs).handle,
        System.JENKINS: Jenkins(works[System.JENKINS], USER, right[System.JENKINS]).handle,
    }
    secret = {**tokens, System.PIPELINES: ""}
    return [BuilderService(system, servers[system], present[system], secret[system]) for system in System]


def _faults_of(faults: Faults, system: System) -> Callable[[str], str]:
    return lambda job: faults.of(f"{system}-runs", job)

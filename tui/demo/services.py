"""The services beside clusters and registries: Azure's resource queries and two consoles, each with its user."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from tui.demo.azure.graph import ResourceGraph
from tui.demo.azure.resources import resource_rows
from tui.demo.consoles.aqua import AquaConsole
from tui.demo.consoles.prisma import PrismaConsole
from tui.demo.estate.company import Company
from tui.demo.http import Handler
from tui.demo.vulnerabilities.defender import finding_rows

__all__ = ["ScannerService", "make_graph", "make_services"]

USER = "trustree-reader"


@dataclass(frozen=True, slots=True)
class ScannerService:
    """A scanner as the settings name it; `secret` is the password of its user, empty where Entra tokens count."""

    name: str
    handler: Handler
    secret: str = ""

    @property
    def variable(self) -> str:
        """The environment variable that holds the password."""
        return f"TRUSTREE_DEMO_{self.name.upper()}"

    def settings(self, endpoint: str) -> dict[str, str]:
        """Its table in the settings."""
        table = {"kind": self.name, "endpoint": endpoint}
        return {**table, "username": USER, "password_env": self.variable} if self.secret else table


def make_graph(company: Company, is_known: Callable[[str], bool], *, denied: bool) -> ResourceGraph:
    """Azure's resource queries."""
    estates = [cluster.estate for cluster in company.clusters]
    tables = {"resources": resource_rows, "securityresources": lambda: finding_rows(company.scanned, estates, company.now)}
    return ResourceGraph(tables, is_known, denied=denied)


def make_services(company: Company, graph: ResourceGraph, *, denied: bool) -> list[ScannerService]:
    """All of them; with `denied` the passwords are wrong."""
    estates = [cluster.estate for cluster in company.clusters]
    passwords = {name: secrets.token_urlsafe(12) for name in ("aqua", "prisma")}
    right = {name: secrets.token_urlsafe(12) if denied else password for name, password in passwords.items()}
    aqua = AquaConsole(company.scanned, company.now, USER, right["aqua"])
    prisma = PrismaConsole(company.scanned, estates, company.now, USER, right["prisma"])
    return [
        ScannerService("defender", graph.handle),
        ScannerService("aqua", aqua.handle, passwords["aqua"]),
        ScannerService("prisma", prisma.handle, passwords["prisma"]),
    ]

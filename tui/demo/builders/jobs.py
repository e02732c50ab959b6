"""Which images are built outside of their registries, by which system, and why some of that does not happen by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tui.demo.estate.images import CONTOSO, LEGACY

__all__ = ["BUILT_ELSEWHERE", "JobModel", "System", "Why", "jobs_of"]


class System(StrEnum):
    """The systems, as the settings name them."""

    PIPELINES = "azure-pipelines"
    GITHUB = "github-actions"
    JENKINS = "jenkins"


class Why(StrEnum):
    """Why a job does not start, or does not end well, when its base is built anew; WORKS: it does."""

    WORKS = "works"
    NO_TRIGGER = "nothing starts it when its base changes"
    INACTIVE = "it was disabled after 60 quiet days"
    FAILED = "its last run failed"
    APPROVAL = "somebody has to approve it"
    NO_AGENT = "no machine takes it"


@dataclass(frozen=True, slots=True)
class JobModel:
    """A job; `line` is the repository that it builds, `name` what its system calls it."""

    system: System
    line: str
    name: str
    number: int
    why: Why = Why.WORKS


_JOBS: Mapping[System, Mapping[str, tuple[str, Why]]] = {
    System.PIPELINES: {
        f"{CONTOSO}/payments/settlement": ("shop/31", Why.WORKS),
        f"{CONTOSO}/payments/gateway": ("shop/32", Why.NO_TRIGGER),
        f"{CONTOSO}/payments/migrate": ("shop/33", Why.FAILED),
        f"{CONTOSO}/identity/consent": ("shop/34", Why.APPROVAL),
    },
    System.GITHUB: {
        f"{CONTOSO}/identity/tokens": ("contoso/identity/tokens.yml", Why.WORKS),
        f"{CONTOSO}/checkout/cart": ("contoso/checkout/cart.yml", Why.INACTIVE),
        f"{CONTOSO}/notify/sms": ("contoso/notify/sms.yml", Why.FAILED),
        f"{CONTOSO}/catalog/media": ("contoso/catalog/media.yml", Why.APPROVAL),
    },
    System.JENKINS: {
        f"{CONTOSO}/fulfilment/orders": ("fulfilment/orders", Why.WORKS),
        f"{CONTOSO}/platform/backup": ("platform/backup", Why.NO_TRIGGER),
        f"{CONTOSO}/data/reports": ("data/reports/main", Why.FAILED),
        f"{LEGACY}/erp/server": ("erp-server", Why.NO_AGENT),
    },
}
BUILT_ELSEWHERE = frozenset(line for jobs in _JOBS.values() for line in jobs)
"""What no task of a registry builds."""


def jobs_of(system: System) -> Iterator[JobModel]:
    """The jobs of a system."""
    for place, (line, (name, why)) in enumerate(_JOBS[system].items()):
        yield JobModel(system, line, name, 31 + place, why)

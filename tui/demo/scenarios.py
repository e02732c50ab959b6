"""The scenarios by name, and what is different in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tui.demo.estate.huge import add_huge
from tui.demo.estate.publisher import ImagePublisher
from tui.demo.estate.rolling_pods import Holdup
from tui.demo.estate.work import Work
from tui.demo.faults import Faults

__all__ = ["SCENARIOS", "Scenario"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One estate. `extra` adds to it, `denied` takes every right away, `faults` is what goes wrong.

    `hidden` are repositories of Contoso's registry that the identity may not read, as roles per repository have it. `holdups`
    keep rollouts from getting on, by namespace and name.
    """

    title: str
    empty: bool = False
    denied: bool = False
    lives: bool = True
    hidden: tuple[str, ...] = ()
    faults: Callable[[], Faults] = Faults
    extra: Callable[[ImagePublisher], list[Work]] | None = None
    holdups: Mapping[tuple[str, str], Holdup] = field(default_factory=dict)


_HOLDUPS = {
    ("loyalty", "points"): Holdup.READINESS,
    ("notify", "sms"): Holdup.QUOTA,
    ("notify", "push"): Holdup.ADMISSION,
    ("ml", "features"): Holdup.NODE,
}
SCENARIOS: Mapping[str, Scenario] = {
    "contoso": Scenario("a retailer with two clusters and the carrier that it bought"),
    "empty": Scenario("two clusters without workloads, and empty registries", empty=True, lives=False),
    "denied": Scenario("no right anywhere", denied=True, lives=False),
    "broken": Scenario(
        "servers that fail, lie, throttle and break off",
        hidden=("vendor/", "identity/directory"),
        faults=Faults.many,
        holdups=_HOLDUPS,
    ),
    "huge": Scenario("10,000 pods and 5,000 manifests", extra=add_huge),
}

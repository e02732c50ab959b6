"""One quiet demo, read as the explorer reads it and as commands do: whole, for a question at a time, judged anew, and refused."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import msgspec

from tui.actions.planning import planned
from tui.cli.reading import looked
from tui.demo.faults import Fault, Faults
from tui.demo.running import Run
from tui.demo.scenarios import Scenario
from tui.domain.assemble.wanted_signatures import signatures_wanted, unlooked_reach
from tui.domain.facts.demand import Demand
from tui.domain.plans.plan import Action, Plan
from tui.domain.query.query import Selection, parse_query
from tui.domain.query.reach import reach_of
from tui.domain.snapshot.snapshot import Snapshot
from tui.estate.estate import Estate
from tui.settings.load import load
from tui.settings.policy_file import read_policy
from tui.settings.settings import Settings
from tui.wiring.parts import open_estate, open_to_act

OF_WHAT_RUNS = (
    *("is:stuck", "drift:moved", "is:drifted", "ns:payments", "ctx:weu", "team:team-checkout", "is:rollback"),
    *("is:running -ns:payments", "payments", "repo:payments/*", "is:unsigned", "is:signed", "check:scan=fail", "sev:critical"),
    *("-ctx:neu is:running", "ctx:prod-weu ctx:prod-neu", "kind:cj"),
)
"""Answered by what runs: the rest of the registries is left alone."""
BY_NEED = ("ctx:neu verdict:fail", "verdict:fail", "is:faulty", "age>90d", "-verdict:pass")
"""Answered by what runs at first; the rest is read as that does not tell."""
OF_THE_REST = (
    *("cve:CVE-2026-90355", "cve:CVE-2026-90210 ns:payments", "pkg:openssl", "-pkg:openssl", "base:debian"),
    *("base:node is:running", "digest:sha256:ab", "is:outdated", "check:base=unknown", "is:at-risk", "is:unused", "-is:running"),
)
QUESTIONS = (*OF_WHAT_RUNS, *BY_NEED, *OF_THE_REST)
REBUILT = ("base:debian", "payments", "ns:payments", "cve:CVE-2026-90210", "team:team-checkout", "is:rollback")
IN_PART = (
    *("ns:payments", "ctx:neu", "is:stuck", "payments", "-verdict:pass", "verdict:fail", "base:debian"),
    *("is:at-risk", "is:unused"),
)
WAIT = 120.0
STRICT = """
[registry]
trusted = ["contoso.azurecr.io"]
signed_in = false
[age]
max = 90
"""
REFUSALS = (Fault("prod-neu", r"/.*", "403"), Fault("contoso.azurecr.io", r"/.*", "403"))
"""One cluster and one registry give nothing for want of a right."""


class Read(NamedTuple):
    """What a command has read when it answers: the snapshot that it takes the answer from, and what the query finds there.

    `whole` is everything that was read, which an accident may make more than the answer is taken from.
    """

    snapshot: Snapshot
    selection: Selection
    whole: Snapshot


class Asked(NamedTuple):
    """The estate as the explorer has it, at first and when each question has rested there, and what commands read for each; both
    judged by another policy, and refused."""

    settings: Settings
    loaded: Snapshot
    shown: Mapping[str, Snapshot]
    read: Mapping[str, Read]
    plans: Mapping[str, tuple[Plan, Plan]]
    judged_anew: tuple[Snapshot, Snapshot]
    refused: Snapshot
    refused_read: Mapping[str, Read]


def asked_of_the_demo(directory: Path) -> Asked:
    """The demo, in which nothing happens, read in every way."""
    return asyncio.run(_asked(directory))


async def _asked(directory: Path) -> Asked:
    policy = read_policy(STRICT.encode(), "strict.toml")
    async with _served(directory) as (settings, faults):
        async with open_to_act(settings) as (estate, actions):
            assert await estate.settled(WAIT)
            loaded = estate.snapshot
            plans = {}
            for text in REBUILT:
                query = parse_query(text)
                _, selection = await looked(estate, query, WAIT, reach_of(query.terms), rewrites=False)
                plan = await actions.plan(Action.REBUILD, selection.images, selection.workloads, text)
                images = query.images(loaded, loaded.as_of).images
                plans[text] = plan, planned(Action.REBUILD, loaded, images, (), text, loaded.as_of)
            shown = {text: await _rested(estate, text) for text in QUESTIONS}
            estate.set_policy(policy)
            assert await estate.settled(WAIT)
            anew = estate.snapshot
        async with open_estate(settings, once=True) as estate:
            read = await _read(estate, QUESTIONS)
            estate.set_policy(policy)
            assert await estate.settled(WAIT)
            judged = anew, estate.snapshot
        faults.switch(*REFUSALS)
        async with open_estate(settings) as estate:
            assert await estate.settled(WAIT)
            refused = estate.snapshot
        async with open_estate(settings, once=True) as estate:
            return Asked(settings, loaded, shown, read, plans, judged, refused, await _read(estate, IN_PART))


async def _rested(estate: Estate, text: str) -> Snapshot:
    """What the explorer has when a question has rested there until all was read that it needs."""
    demanded: set[Demand] = set()
    query = parse_query(text)
    while True:
        snapshot = estate.snapshot
        images = query.images(snapshot, snapshot.as_of).images
        reach = unlooked_reach(snapshot, images, query.terms)
        demands = signatures_wanted(snapshot, images, query.terms, reach, demanded).demands
        if not demands:
            return snapshot
        demanded.update(demands)
        estate.want(demands)
        assert await estate.settled(WAIT)


async def _read(estate: Estate, texts: Iterable[str]) -> dict[str, Read]:
    """What is read for each question; all are put to one estate, those that need least first."""
    read = {}
    for text in texts:
        query = parse_query(text)
        snapshot, selection = await looked(estate, query, WAIT, reach_of(query.terms), rewrites=False)
        read[text] = Read(snapshot, selection, estate.snapshot)
    return read


@asynccontextmanager
async def _served(directory: Path) -> AsyncIterator[tuple[Settings, Faults]]:
    faults = Faults()
    run = Run(Scenario("a quiet day", lives=False, faults=lambda: faults), 1, directory)
    handshake = await run.start()
    environment = {str(name): str(value) for name, value in dict(handshake["environment"]).items()}  # type: ignore[call-overload]
    try:
        with mock.patch.dict(os.environ, {**environment, "XDG_STATE_HOME": str(directory / "state")}):
            settings = msgspec.structs.replace(
                load({}, environment={}, path=str(handshake["config"])),
                kubeconfig=str(handshake["kubeconfig"]),
                contexts=("prod-weu", "prod-neu"),
                use_cache=False,
                azure=True,
            )
            yield settings, faults
    finally:
        await run.stop()

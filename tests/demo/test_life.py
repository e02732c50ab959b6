"""What goes on in the demo: small things, a release, watches that expire; the cases stay what they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from tui.demo.cluster.kinds import kind_of
from tui.demo.estate.company import Company, build_company
from tui.demo.estate.life import SITE, Life
from tui.demo.estate.model import Kinds

NOW = datetime(2026, 11, 24, 13, 5, tzinfo=UTC)
LIMIT = 20.0


@asynccontextmanager
async def living() -> AsyncIterator[Company]:
    """A company that lives a thousand times as fast."""
    company = build_company(1, NOW)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(Life(company, 1, pace=0.001).run())
        yield company
        task.cancel()


async def until(company: Company, happened: Callable[[], bool]) -> None:
    """Wait for something that shows in a store."""
    async with asyncio.timeout(LIMIT):
        while not happened():
            await company.clusters[0].store.wait(1.0)


def site_ids(company: Company) -> set[str]:
    """The image IDs of the pods that serve the site."""
    return {
        pod.containers[0].image_id
        for cluster in company.clusters
        for pod in cluster.estate.pods
        if pod.namespace == "storefront" and pod.containers[0].image_id
    }


async def test_a_release_moves_the_tag_and_then_every_pod() -> None:
    async with living() as company:
        before = company.yard.shelf("contoso.azurecr.io").repositories["storefront/web"].tags["live"].digest
        assert site_ids(company) == {f"{SITE}@{before}"}
        await until(company, lambda: len(site_ids(company)) == 2)
        await until(company, lambda: site_ids(company) == {f"{SITE}@{company.yard.newest(SITE).digest}"})
        assert company.yard.newest(SITE).digest != before


async def test_watches_expire_and_jobs_run() -> None:
    async with living() as company:
        stores = [cluster.store for cluster in company.clusters]
        jobs = {one.uid for cluster in company.clusters for one in cluster.estate.controllers if one.kind is Kinds.JOB}
        await until(company, lambda: any(store.table(kind_of("Pod")).expiries for store in stores))
        await until(
            company,
            lambda: any(
                one.uid not in jobs and one.kind is Kinds.JOB and not one.ready
                for cluster in company.clusters
                for one in cluster.estate.controllers
            ),
        )


async def test_the_cases_are_left_alone() -> None:
    def cases(company: Company) -> dict[str, tuple[str, ...]]:
        kept = ("worker", "session", "mailer", "pricing")
        pods = [pod for cluster in company.clusters for pod in cluster.estate.pods if pod.labels.get("app") in kept]
        return {pod.uid: tuple(one.image_id for one in pod.containers) for pod in pods if pod.namespace != "notify"}

    async with living() as company:
        before, version = cases(company), company.clusters[0].store.version
        await until(company, lambda: company.clusters[0].store.version > version + 300)
        assert cases(company) == before


async def test_the_store_and_the_models_agree_after_a_while() -> None:
    async with living() as company:
        version = company.clusters[0].store.version
        await until(company, lambda: company.clusters[0].store.version > version + 200)
    for cluster in company.clusters:
        known = set(cluster.store.table(kind_of("Pod")).entries)
        assert {(pod.namespace, pod.name) for pod in cluster.estate.pods} <= known

"""The estate of `registry-answer` as a process of its own: the demo's servers with latency, ACR's limits, and requests counted.

It prints the demo's handshake when it is ready; at the end of its standard input it prints what was asked, by kind, and ends.
Limits: those of a Premium registry for one identity (container-registry-skus: 10,000 reads and 1,000 lists of referrers a
minute, 20,000 sign-ins), as token buckets that answer 429 with `Retry-After`.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tui.demo.estate.huge import BASES
from tui.demo.estate.images import CONTOSO, FABRIKAM
from tui.demo.estate.publisher import ImagePublisher, Product
from tui.demo.estate.work import Work
from tui.demo.http import Handler, Reply, Request
from tui.demo.registry.errors import too_many
from tui.demo.running import Run
from tui.demo.scenarios import Scenario

__all__ = ["FIRST_SEARCH", "TENANTS", "main"]

LATENCY = 0.02
"""Seconds that every answer of a registry takes at least."""
TENANTS, VERSIONS = 240, 10
PREMIUM = {"referrers": 1_000.0, "sign-in": 20_000.0, "read": 10_000.0}
"""Requests a minute."""
KINDS = (
    ("sign-in", re.compile(r"/oauth2/.*")),
    ("referrers", re.compile(r"/v2/.+/referrers/[^/]+")),
    ("catalog", re.compile(r"/(acr/v1|v2)/_catalog")),
    ("tags", re.compile(r"/v2/.+/tags/list|/acr/v1/.+/_tags")),
    ("manifests listed", re.compile(r"/acr/v1/.+/_manifests")),
    ("manifest", re.compile(r"/v2/.+/manifests/[^/]+")),
    ("blob", re.compile(r"/v2/.+/blobs/[^/]+")),
)
FIRST_SEARCH = "referrers, first of a repository"
LISTS = ("catalog", "tags", "manifests listed")


def add_tenants(publisher: ImagePublisher) -> list[Work]:
    """A repository of ten versions for each tenant, who runs the newest."""
    works = []
    for number in range(TENANTS):
        base, kind = BASES[number % len(BASES)]
        name = f"{CONTOSO}/tenants/t{number:03}/app"
        tags = tuple((f"1.{minor}.{number % 7}", (VERSIONS - minor) * 9 + number % 9) for minor in range(VERSIONS))
        publisher.build(Product(name, kind, tags, f"{CONTOSO}/base/{base}"))
        works.append(Work(f"tenant-{number % 60:02}", f"t{number:03}", f"{name}:{tags[-1][0]}", 2, age=5.0, lively=False))
    return works


class _Limits:
    """A token bucket for each of ACR's limits; as large as what it gives in a minute."""

    def __init__(self) -> None:
        self._left = dict(PREMIUM)
        self._at = time.monotonic()

    def take(self, kind: str) -> bool:
        """Whether a request is let through."""
        now = time.monotonic()
        for name, rate in PREMIUM.items():
            self._left[name] = min(rate, self._left[name] + (now - self._at) * rate / 60)
        self._at = now
        # Lists of referrers count as reads besides.
        buckets = {"sign-in": ("sign-in",), "referrers": ("referrers", "read")}.get(kind, ("read",))
        if any(self._left[name] < 1 for name in buckets):
            return False
        for name in buckets:
            self._left[name] -= 1
        return True


class CountedRun(Run):
    """The demo with slow registries that count."""

    def __init__(self, directory: Path) -> None:
        super().__init__(Scenario("tenants of one registry", lives=False, extra=add_tenants), 1, directory)
        self.asked: Counter[str] = Counter()
        self.twice: Counter[str] = Counter()
        self.refused = 0
        self._searched: set[str] = set()

    async def _serve(self, name: str, handler: Handler, context: ssl.SSLContext | None) -> tuple[str, int]:
        return await super()._serve(name, self._counted(handler) if name in (CONTOSO, FABRIKAM) else handler, context)

    def _counted(self, handler: Handler) -> Handler:
        limits = _Limits()

        async def handle(request: Request) -> Reply:
            kind = next((kind for kind, path in KINDS if path.fullmatch(request.path)), "other")
            self.asked[f"HEAD {kind}" if request.method == "HEAD" else self._named(kind, request)] += 1
            if kind not in ("sign-in", "other"):
                self.twice[f"{request.host} {request.path} {sorted(request.query.items())}"] += 1
            await asyncio.sleep(LATENCY)
            if not limits.take(kind):
                self.refused += 1
                return too_many(1)
            return await handler(request)

        return handle

    def _named(self, kind: str, request: Request) -> str:
        """The kind of a request; the first search in a repository is counted apart from those of its other manifests."""
        repository = f"{request.host} {request.path.rpartition('/referrers/')[0]}"
        if kind != "referrers" or repository in self._searched:
            return kind
        self._searched.add(repository)
        return FIRST_SEARCH

    def counts(self) -> dict[str, object]:
        """What was asked so far; whoever starts next searches for the first time again."""
        self._searched.clear()
        pages = sum(self.asked[kind] for kind in LISTS)
        again = sum(count - 1 for count in self.twice.values())
        return {"asked": dict(self.asked), "refused": self.refused, "again": again, "pages": pages}


def _leave_budgets(config: Path) -> None:
    """The demo asks its own registries without restraint; here the usual budgets count.

    Defender is left out: it holds 75,000 findings on everything that these registries hold, and Resource Graph gives 15 pages
    of 1,000 in five seconds. That quota alone takes 25 seconds, whatever the registries are asked for.
    """
    lines = [line for line in config.read_text().splitlines() if not line.startswith("requests_per_minute")]
    config.write_text("\n".join(line + "\nenabled = false" if line == "[scanner.defender]" else line for line in lines))


async def _run(directory: Path) -> None:
    run = CountedRun(directory)
    handshake = await run.start()
    _leave_budgets(Path(str(handshake["config"])))
    print(json.dumps(handshake), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(run.counts()), flush=True)
    await run.stop()


def main() -> None:
    """Serve until standard input ends; each line of it is answered with what was asked so far."""
    with tempfile.TemporaryDirectory(prefix="trustree-bench-") as directory:
        asyncio.run(_run(Path(directory)))


if __name__ == "__main__":
    main()

"""Pushes of builds: the newest version of an image, built anew on today's base, in the demo's registries, and signed there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from tui.demo.builders.works import Pushed
from tui.demo.estate.company import Company
from tui.demo.estate.publisher import Published
from tui.demo.estate.signed import sign_rebuilt

__all__ = ["CompanyPusher"]


class CompanyPusher:
    """A `Pusher` into the registries of a company; `listeners` are told of what is pushed."""

    def __init__(self, company: Company, listeners: Sequence[Callable[[Published], None]] = ()) -> None:
        self._company, self._listeners = company, listeners

    def base_of(self, line: str) -> str:
        """The repository that an image is built on."""
        base = self._company.yard.newest(line).base
        return base.name if base is not None else ""

    def push(self, line: str, variant: str) -> Pushed:
        """Push it; with `old-base` on the base of before, with `other-digest` another one is told."""
        yard = self._company.yard
        before = yard.newest(line)
        tags = tuple(dict.fromkeys((before.tag, *yard.floating.get(line, ()))))
        published = yard.rebuild(line, tags, datetime.now(UTC), before.base if variant == "old-base" else None)
        self._company.scanned.add(published)
        for listener in self._listeners:
            listener(published)
        return Pushed(published.tag, before.digest if variant == "other-digest" else published.digest)

    def sign(self, line: str, pushed: Pushed) -> None:
        """Sign what was pushed, as its team usually does."""
        published = next((candidate for candidate in self._line(line) if candidate.digest == pushed.digest), None)
        if published is not None:
            sign_rebuilt(self._company.yard, self._company.signers, published)

    def history(self, line: str) -> Sequence[tuple[datetime, Pushed]]:
        """What was pushed before today."""
        past = (release for release in self._line(line) if release.age > 0)
        return [(self._company.yard.moment(release.age), Pushed(release.tag, release.digest)) for release in past]

    def _line(self, line: str) -> Sequence[Published]:
        return self._company.yard.published.get(line, ())

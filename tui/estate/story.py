"""What sources say of themselves as lines of the log: one for each change, so that an incident can be read afterwards."""

from __future__ import annotations

import logging
from typing import assert_never

from tui.domain.common.source_id import SourceId
from tui.domain.common.text import first_few
from tui.domain.facts.events import Denial, SourceHealth, SourceState

__all__ = ["Story"]

_log = logging.getLogger(__name__)


class Story:
    """Tells each change of state once, and each thing that cannot be read: counts, waits and further loading are no news."""

    def __init__(self) -> None:
        self._told: dict[SourceId, SourceHealth] = {}
        self._denied: dict[SourceId, tuple[Denial, ...]] = {}

    def tell(self, health: SourceHealth) -> None:
        """A source said how it is doing."""
        before = self._told.get(health.id)
        if before is not None and before.state.has_answered and health.state is SourceState.LOADING:
            return  # more was asked of it
        self._told[health.id] = health
        if before is None or _standing(before) != _standing(health):
            _log.log(_weight(health), "%s: %s", health.id, _words(before, health))
        elif before.error != health.error:
            _log.debug("%s: still %s: %s", health.id, health.state, health.error or "no error any more")
        if health.state is not SourceState.FAILED and self._denied.get(health.id, ()) != health.denials:
            self._tell_denials(health)  # of a source that is lost altogether no single thing is news

    def _tell_denials(self, health: SourceHealth) -> None:
        before = {denial.what for denial in self._denied.get(health.id, ())}
        now = {denial.what: denial for denial in reversed(health.denials)}  # of several reasons the first
        self._denied[health.id] = health.denials
        for label, denial in reversed(now.items()):
            if label not in before:
                right = f" (the right: {denial.right})" if denial.right else ""
                _log.info("%s: cannot read %s%s: %s", health.id, label, right, _sentences(denial.reason, denial.remedy))
        for label in sorted(before - now.keys()):
            _log.info("%s: can read %s again", health.id, label)


def _standing(health: SourceHealth) -> tuple[SourceState, str]:
    return health.state, health.sign_in_error


def _weight(health: SourceHealth) -> int:
    return logging.WARNING if health.state is SourceState.FAILED else logging.INFO


def _words(before: SourceHealth | None, health: SourceHealth) -> str:
    """What it is now, where and as whom, what is lacking, and which better sign-in did not work."""
    again = "back, " if before is not None and before.state is SourceState.FAILED else ""
    match health.state:
        case SourceState.LOADING:
            state, lacking = f"{again}{'loading' if again else 'connecting'}", ""
        case SourceState.OK:
            state, lacking = f"{again}{'live' if health.live else 'read'}", ""
        case SourceState.PARTIAL:
            state, lacking = f"{again}{'live' if health.live else 'read'} in part", health.error or _missing(health.denials)
        case SourceState.FAILED:
            state = "lost" if before is not None and before.as_of is not None else "failed"
            lacking = _sentences(health.error, health.remedy)
        case SourceState.OFF:
            state, lacking = "off", _sentences(health.error, health.remedy)
        case _:
            assert_never(health.state)
    where = (f" at {health.endpoint}" if health.endpoint else "") + (f" as {health.identity}" if health.identity else "")
    refused = f" (another sign-in did not work: {health.sign_in_error})" if health.sign_in_error else ""
    return f"{state}{where}{': ' if lacking else ''}{lacking}{refused}"


def _missing(denials: tuple[Denial, ...]) -> str:
    labels = list(dict.fromkeys(denial.what for denial in denials))
    return f"{first_few(labels, 1)} cannot be read" if labels else "?"


def _sentences(reason: str, remedy: str) -> str:
    return f"{reason.removesuffix('.') or 'denied'}. {remedy}".rstrip()

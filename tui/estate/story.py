"""What sources say of themselves as lines of the log: one for each change, so that an incident can be read afterwards."""

from __future__ import annotations

import logging
from typing import assert_never

from tui.domain.common.source_id import SourceId
from tui.domain.facts.events import Denial, SourceHealth, SourceState

__all__ = ["Story"]

_log = logging.getLogger(__name__)


class Story:
    """Tells each change once: of state by `info`, of what cannot be read and can be read again by `debug`."""

    def __init__(self) -> None:
        self._told: dict[SourceId, SourceHealth] = {}

    def tell(self, health: SourceHealth) -> None:
        """A source said how it is doing; counts alone are no news."""
        before = self._told.get(health.id)
        self._told[health.id] = health
        if before is None or _standing(before) != _standing(health):
            _log.log(_weight(health), "%s: %s", health.id, _words(before, health))
        elif before.error != health.error:
            _log.debug("%s: still %s: %s", health.id, health.state, health.error or _missing(health.denials))
        if before is None or before.denials != health.denials:
            _tell_denials(health.id, before.denials if before is not None else (), health.denials)


def _standing(health: SourceHealth) -> tuple[SourceState, bool, bool]:
    return health.state, health.live, bool(health.sign_in_error)


def _weight(health: SourceHealth) -> int:
    return logging.WARNING if health.state is SourceState.FAILED else logging.INFO


def _words(before: SourceHealth | None, health: SourceHealth) -> str:
    """One sentence: what it is now, where and as whom, and what is lacking."""
    match health.state:
        case SourceState.LOADING:
            state, lacking = _again(before) or "connecting", ""
        case SourceState.OK:
            state, lacking = _joined(_again(before), "live" if health.live else "read"), ""
        case SourceState.PARTIAL:
            state = _joined(_again(before), "live" if health.live else "read", "but not all of it")
            lacking = health.error or _missing(health.denials)
        case SourceState.FAILED:
            state = "lost" if before is not None and before.as_of is not None else "failed"
            lacking = f"{health.error} {health.remedy}".rstrip()
        case SourceState.OFF:
            state, lacking = "off", f"{health.error} {health.remedy}".rstrip()
        case _:
            assert_never(health.state)
    where = (f" at {health.endpoint}" if health.endpoint else "") + (f" as {health.identity}" if health.identity else "")
    return f"{state}{where}" + (f": {lacking}" if lacking else "") + _worse_sign_in(health)


def _worse_sign_in(health: SourceHealth) -> str:
    return f" (another sign-in did not work: {health.sign_in_error})" if health.sign_in_error else ""


def _joined(*parts: str) -> str:
    return ", ".join(filter(None, parts))


def _again(before: SourceHealth | None) -> str:
    return "back" if before is not None and before.state is SourceState.FAILED else ""


def _missing(denials: tuple[Denial, ...]) -> str:
    if not denials:
        return "some of it cannot be read"
    more = f" (and {len(denials) - 1} more)" if len(denials) > 1 else ""
    return f"{denials[0].what}: {denials[0].reason or 'denied'}{more}"


def _tell_denials(source: SourceId, before: tuple[Denial, ...], now: tuple[Denial, ...]) -> None:
    if not _log.isEnabledFor(logging.DEBUG):
        return
    known = set(before)
    for denial in dict.fromkeys(denial for denial in now if denial not in known):
        right = f"; the right is {denial.right}" if denial.right else ""
        _log.debug("%s: cannot read %s: %s%s. %s", source, denial.what, denial.reason, right, denial.remedy)
    still = {denial.what for denial in now}
    for what in dict.fromkeys(denial.what for denial in before):
        if what not in still:
            _log.debug("%s: can read %s again", source, what)

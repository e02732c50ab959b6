"""What could come next while a query is typed."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tui.domain.common.text import clean
from tui.domain.query.language import CHOICES, Key, quote
from tui.domain.snapshot.snapshot import Snapshot

__all__ = ["complete"]

MOST = 20
_LAST = re.compile(r'[^\s"]*$')


def complete(text: str, cursor: int, snapshot: Snapshot) -> list[str]:
    """Texts that the query could become by completing the term left of the cursor; the best first, at most 20."""
    left, right = text[:cursor], text[cursor:]
    match = _LAST.search(left)
    token = match[0] if match else ""
    start = left[: len(left) - len(token)]
    if not token or start.endswith('"') or (right and not right[0].isspace()):
        return []
    minus = "-" if token.startswith("-") else ""
    return [f"{start}{minus}{term}{right}" for term in _terms(token.removeprefix("-"), snapshot)]


def _terms(token: str, snapshot: Snapshot) -> list[str]:
    name, colon, value = token.partition(":")
    key = next((key for key in Key if key == name.lower() and key is not Key.WORD), None)
    if colon and key:
        return [f"{key}:{quote(choice)}" for choice in _best(value, _values(key, snapshot))]
    keys = [_opening(key) for key in Key if key is not Key.WORD and key.startswith(token.lower())] if token and not colon else []
    return keys + [quote(name) for name in _best(token, _names(snapshot)) if quote(name) == name][: MOST - len(keys)]


def _opening(key: Key) -> str:
    match key:
        case Key.AGE:
            return "age>"
        case Key.SEV:
            return "sev>="
        case _:
            return f"{key}:"


def _values(key: Key, snapshot: Snapshot) -> Iterable[str]:
    match key:
        case Key.NS:
            return (workload.namespace for workload in snapshot.workloads)
        case Key.CTX:
            return (workload.cluster for workload in snapshot.workloads)
        case Key.KIND:
            return (workload.kind for workload in snapshot.workloads)
        case Key.TEAM:
            return (workload.team for workload in snapshot.workloads.values())
        case Key.REPO:
            return (image.repository for image in snapshot.images)
        case Key.BASE:
            return _base_names(snapshot)
        case _:
            return CHOICES.get(key, ())


def _base_names(snapshot: Snapshot) -> Iterable[str]:
    for key in snapshot.derived:
        image, unknown = snapshot.images.get(key), snapshot.bases.get(key)
        if image is not None:
            yield from (f"{key.repository}:{tag}" for tag in image.tags) if image.tags else (key.repository,)
        elif unknown is not None:
            yield unknown.label


def _names(snapshot: Snapshot) -> Iterable[str]:
    yield from (workload.name for workload in snapshot.workloads)
    yield from (image.repository for image in snapshot.images)


def _best(part: str, names: Iterable[str]) -> list[str]:
    """Names that begin with the part, then those that contain it, each sorted; what is already whole is left out."""
    small = part.lower()
    fitting = {name for name in names if name and small in name.lower() and name != part and clean(name) == name}
    return sorted(fitting, key=lambda name: (not name.lower().startswith(small), name))[:MOST]

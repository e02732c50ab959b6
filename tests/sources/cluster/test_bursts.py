"""Events of a watch that are decoded together say the same as one by one, whatever stands between them."""

from __future__ import annotations

import json
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from tests.sources.cluster.apiserver import bookmark, event, pod, status
from tui.domain.facts.events import SourceId, SourceKind
from tui.domain.facts.workload import Resource
from tui.errors import SourceError
from tui.sources.cluster.facts import ClusterFacts
from tui.sources.cluster.kinds import KINDS
from tui.sources.cluster.readers import Change, KindReader, reader_of

SOURCE = SourceId(SourceKind.CLUSTER, "c")
GOOD = [event("ADDED", pod("a")), event("MODIFIED", pod("b", version="7")), event("DELETED", pod("a")), bookmark("11")]
ODD = [
    event("ADDED", {"metadata": {"name": 7}}),
    event("ADDED", {"metadata": {"name": None, "uid": "u"}}),
    event("ERROR", status(410, "Expired", "too old")),
    event("ADDED", {}),
]
LINES = [json.dumps(item).encode() for item in GOOD + ODD]
LINES += [b"", b" \r", b"<html>", b"[]", b'{"type":"ADDED"}', b"".join(LINES[:2]), LINES[0][:40], LINES[0][40:], b"\xff"]


def reader() -> KindReader:
    """That of pods."""
    kind = next(kind for kind in KINDS if kind.resource is Resource.PODS)
    return reader_of(kind, ClusterFacts("c"), SOURCE, lambda: "host")


def told(changes: Iterable[Change | None]) -> list[object]:
    """What is told, up to the first error and with it."""
    events: list[object] = []
    try:
        for change in changes:
            events.append(change and (change.type, change.object))
    except SourceError as error:
        events.append((type(error), error.headline))
    return events


@given(st.lists(st.sampled_from(LINES), max_size=8))
def test_a_burst_tells_what_its_lines_tell(lines: list[bytes]) -> None:
    one_by_one = (reader().change(line) for line in lines if line.strip())
    assert told(reader().changes(b"\n".join(lines))) == told(one_by_one)


def test_good_events_are_decoded_together() -> None:
    pods = reader()
    pods.change = None  # type: ignore[method-assign,assignment]  # would be called for each line
    assert len(told(pods.changes(b"\n".join(LINES[: len(GOOD)])))) == len(GOOD)

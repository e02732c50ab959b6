"""Pages and watch lines of one kind, decoded from bytes; one broken object costs itself, not its page."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Protocol

import msgspec

from tui.domain.common.decoding import DECODING, json_decoder
from tui.domain.facts.events import ControllersSeen, Event, NodesSeen, PodsSeen, SourceId
from tui.domain.facts.workload import Controller, Node, OwnerRef, Pod, Resource
from tui.sources.cluster.facts import ClusterFacts, steady
from tui.sources.cluster.failures import Status, decode_error, status_error
from tui.sources.cluster.kinds import ResourceKind
from tui.sources.cluster.wire import ControllerObject, ListMeta, NodeObject, PodObject

__all__ = ["Change", "Fact", "KindReader", "ListPage", "Meet", "WireObject", "reader_of"]

Fact = Pod | Controller | Node
Meet = Callable[[str, OwnerRef], None]
WireObject = PodObject | ControllerObject | NodeObject

_ListKind = Annotated[str, msgspec.Meta(pattern="List$")]
"""`PodList` and the like: an object without it is no list, whoever answers with one."""

# What hostile bytes can raise in a decoder; RecursionError for deep nesting.


class ListPage(msgspec.Struct, gc=False):
    """A page of a list; objects that cannot be read are missing from `items` and counted in `broken`."""

    metadata: ListMeta
    items: list[WireObject]
    broken: int = 0


class Change(Protocol):
    """A watch event: ADDED, MODIFIED, DELETED or BOOKMARK."""

    @property
    def type(self) -> str:
        """Which of them."""

    @property
    def object(self) -> WireObject:
        """The object as it is now; of a bookmark only its version."""


class _PodPage(msgspec.Struct, gc=False):
    metadata: ListMeta
    kind: _ListKind
    items: list[PodObject] | None = None


class _ControllerPage(msgspec.Struct, gc=False):
    metadata: ListMeta
    kind: _ListKind
    items: list[ControllerObject] | None = None


class _NodePage(msgspec.Struct, gc=False):
    metadata: ListMeta
    kind: _ListKind
    items: list[NodeObject] | None = None


class _PodChange(msgspec.Struct, gc=False):
    type: str
    object: PodObject


class _ControllerChange(msgspec.Struct, gc=False):
    type: str
    object: ControllerObject


class _NodeChange(msgspec.Struct, gc=False):
    type: str
    object: NodeObject


class _RawPage(msgspec.Struct, gc=False):
    metadata: ListMeta
    kind: _ListKind
    items: list[msgspec.Raw] | None = None


class _RawChange(msgspec.Struct, gc=False):
    type: str
    object: msgspec.Raw


_pod, _pod_page, _pod_change = (json_decoder(PodObject), json_decoder(_PodPage), json_decoder(_PodChange))
_controller, _controller_page, _controller_change = (
    json_decoder(ControllerObject),
    json_decoder(_ControllerPage),
    json_decoder(_ControllerChange),
)
_node, _node_page, _node_change = (
    json_decoder(NodeObject),
    json_decoder(_NodePage),
    json_decoder(_NodeChange),
)
_raw_page = json_decoder(_RawPage)
_raw_change = json_decoder(_RawChange)
_status = json_decoder(Status)


class KindReader(ABC):
    """Decodes one kind and makes facts and events of it."""

    def __init__(self, kind: ResourceKind, facts: ClusterFacts, source: SourceId, host: Callable[[], str]) -> None:
        self.kind = kind
        self.source = source
        self._facts = facts
        self._host = host

    def page(self, body: bytes) -> ListPage:
        """A page of a list. Raises UntrustedPayload when it is not a list at all."""
        try:
            return self._decode_page(body)
        except DECODING:
            return self._salvage(body)

    def changes(self, lines: bytes) -> Iterator[Change | None]:
        """The watch events of whole lines, None for each whose object cannot be read. Raises as `change` does, in their turn.

        They are decoded together, which costs a third less; where anything is out of the ordinary, one by one.
        """
        changes: Sequence[Change] = ()
        with suppress(*DECODING):
            changes = self._decode_changes(lines)
        # Values that are not one to a line are no events of a watch.
        if len(changes) == lines.count(b"\n") + 1 and not any(change.type == "ERROR" for change in changes):
            return iter(changes)
        return (self.change(line) for line in lines.split(b"\n") if line.strip())

    def change(self, line: bytes) -> Change | None:
        """A watch event, None when its object cannot be read. Raises what an ERROR event says, and UntrustedPayload."""
        try:
            change = self._decode_change(line)
        except DECODING:
            return self._failed_change(line)
        return self._failed_change(line) if change.type == "ERROR" else change

    def facts(self, items: Sequence[WireObject], former: Mapping[str, Fact], into: dict[str, Fact], meet: Meet) -> list[Fact]:
        """The facts of several objects, also put into the table; `meet` is told of every owner, but not of each
        object that it has.

        Objects whose owners, labels or volumes cannot be read are left out: fewer come back than went in.
        """
        facts: list[Fact] = []
        identity, make = self.identity, self.fact
        met: OwnerRef | None = None
        for wire in items:
            name = identity(wire)
            try:
                fact = make(wire, former.get(name))
            except DECODING:
                continue
            into[name] = fact
            facts.append(fact)
            # Objects of one owner stand together: it is told of them once.
            if not isinstance(fact, Node) and fact.owner is not None and fact.owner is not met:
                met = fact.owner
                meet(fact.namespace, met)
        return facts

    @abstractmethod
    def fact(self, wire: WireObject, former: Fact | None) -> Fact:
        """The fact in a wire object; the known one when nothing changed."""

    @abstractmethod
    def seen(self, scope: str, generation: int, facts: Iterable[Fact]) -> Event:
        """The event that says these were seen."""

    @abstractmethod
    def _decode_page(self, body: bytes) -> ListPage: ...

    @abstractmethod
    def _decode_change(self, line: bytes) -> Change: ...

    @abstractmethod
    def _decode_changes(self, lines: bytes) -> Sequence[Change]: ...

    @abstractmethod
    def _decode_item(self, item: msgspec.Raw) -> WireObject: ...

    def identity(self, wire: WireObject) -> str:
        """What an object is remembered by: its uid."""
        return wire.metadata.uid

    def _salvage(self, body: bytes) -> ListPage:
        try:
            raw = _raw_page.decode(body)
        except DECODING as error:
            raise decode_error(self.kind.right(""), self._host()) from error
        items: list[WireObject] = []
        for item in raw.items or ():
            with suppress(*DECODING):
                items.append(self._decode_item(item))
        return ListPage(raw.metadata, items, len(raw.items or ()) - len(items))

    def _failed_change(self, line: bytes) -> Change | None:
        try:
            raw = _raw_change.decode(line)
            status = _status.decode(raw.object) if raw.type == "ERROR" else None
        except DECODING as error:
            raise decode_error(self.kind.right("", "watch"), self._host()) from error
        if status is None:
            return None
        # A watch that is too old answers 200 and then this event, with code 410.
        if status.reason in ("Expired", "Gone"):
            status.code = 410
        raise status_error(status, self.kind.right("", "watch"), self._host())


class _PodReader(KindReader):
    def fact(self, wire: WireObject, former: Fact | None) -> Fact:
        assert isinstance(wire, PodObject)
        pod = self._facts.pod(wire)
        return steady(former, pod) if isinstance(former, Pod) else pod

    def seen(self, scope: str, generation: int, facts: Iterable[Fact]) -> Event:
        return PodsSeen(self.source, scope, generation, tuple(fact for fact in facts if isinstance(fact, Pod)))

    def _decode_page(self, body: bytes) -> ListPage:
        page = _pod_page.decode(body)
        return ListPage(page.metadata, [*page.items] if page.items else [])

    def _decode_change(self, line: bytes) -> Change:
        return _pod_change.decode(line)

    def _decode_changes(self, lines: bytes) -> Sequence[Change]:
        return _pod_change.decode_lines(lines)

    def _decode_item(self, item: msgspec.Raw) -> WireObject:
        return _pod.decode(item)


class _ControllerReader(KindReader):
    def fact(self, wire: WireObject, former: Fact | None) -> Fact:
        assert isinstance(wire, ControllerObject)
        fact = self._facts.controller(wire, self.kind.kind, self.kind.api_version)
        return former if former is not None and former == fact else fact

    def seen(self, scope: str, generation: int, facts: Iterable[Fact]) -> Event:
        controllers = tuple(fact for fact in facts if isinstance(fact, Controller))
        return ControllersSeen(self.source, self.kind.resource, scope, generation, controllers)

    def _decode_page(self, body: bytes) -> ListPage:
        page = _controller_page.decode(body)
        return ListPage(page.metadata, [*page.items] if page.items else [])

    def _decode_change(self, line: bytes) -> Change:
        return _controller_change.decode(line)

    def _decode_changes(self, lines: bytes) -> Sequence[Change]:
        return _controller_change.decode_lines(lines)

    def _decode_item(self, item: msgspec.Raw) -> WireObject:
        return _controller.decode(item)


class _NodeReader(KindReader):
    def fact(self, wire: WireObject, former: Fact | None) -> Fact:
        assert isinstance(wire, NodeObject)
        fact = self._facts.node(wire)
        return former if former is not None and former == fact else fact

    def identity(self, wire: WireObject) -> str:
        return wire.metadata.name

    def seen(self, scope: str, generation: int, facts: Iterable[Fact]) -> Event:
        return NodesSeen(self.source, generation, tuple(fact for fact in facts if isinstance(fact, Node)))

    def _decode_page(self, body: bytes) -> ListPage:
        page = _node_page.decode(body)
        return ListPage(page.metadata, [*page.items] if page.items else [])

    def _decode_change(self, line: bytes) -> Change:
        return _node_change.decode(line)

    def _decode_changes(self, lines: bytes) -> Sequence[Change]:
        return _node_change.decode_lines(lines)

    def _decode_item(self, item: msgspec.Raw) -> WireObject:
        return _node.decode(item)


def reader_of(kind: ResourceKind, facts: ClusterFacts, source: SourceId, host: Callable[[], str]) -> KindReader:
    """The reader of a kind."""
    match kind.resource:
        case Resource.PODS:
            return _PodReader(kind, facts, source, host)
        case Resource.NODES:
            return _NodeReader(kind, facts, source, host)
        case _:
            return _ControllerReader(kind, facts, source, host)

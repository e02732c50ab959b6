"""What is kept from one round to the next, so that work is in proportion to what changed.

A round takes facts in and gives a snapshot. What follows from facts is kept in parts of three kinds:

- `Memo`: one value, as long as it is asked for the same. `WeakMemo`: what follows from one object, as long as that is there.
- `Rows`: a table whose rows are each made by a pure function. A `Trace` notes what is read while a row is made; when the round
  says what changed, `refresh` makes those rows again that read it, and says in turn which of them are other rows now. So a
  change goes no further than it matters.
- `Shared`: equal values as one object. `SharedByIdentity`: what follows from an object, found by which object it is.
- `changed_keys`: what differs between two frozen tables; `with_more`: that, and what follows from it. A `Successor` knows what
  differs between itself and the table before it.

What can be read has an address, which is its key: the name of a repository (its facts, or which images are in it), a digest
(content that comes, is claimed to be something, or is held otherwise), the key of an image, or the key of a row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Set
from itertools import compress
from operator import is_, is_not
from typing import Generic, Protocol, TypeVar
from weakref import ref

from tui.domain.common.pace import paced

__all__ = [
    "Address",
    "Lookup",
    "Memo",
    "Noted",
    "Rows",
    "Shared",
    "SharedByIdentity",
    "Successor",
    "Trace",
    "WeakMemo",
    "changed_keys",
    "with_more",
]

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Address = Hashable
A = TypeVar("A", contravariant=True)


class Lookup(Protocol[A, T]):
    """Where values are looked up by key: a dictionary, or what notes the reading."""

    def get(self, key: A, default: T, /) -> T:
        """The value of a key, or what is to stand for it."""


class Memo(Generic[T]):
    """The last answer, as long as it is asked for the same."""

    def __init__(self) -> None:
        self._last: tuple[object, T] | None = None

    def get(self, key: object, make: Callable[[], T]) -> T:
        """The last answer, when `key` equals the last key; else a new one."""
        last = self._last  # once: another thread may put its own in this place meanwhile
        if last is None or last[0] != key:
            last = self._last = (key, make())
        return last[1]


class WeakMemo(Generic[T, V]):
    """What follows from the object that was asked about last; the object is not kept for it, and where it goes, this goes too."""

    def __init__(self) -> None:
        self._last: tuple[ref[T], V] | None = None

    def get(self, subject: T, make: Callable[[], V]) -> V:
        """The last answer, when it is of this very object; else a new one."""
        last = self._last  # once: another thread may put its own in this place meanwhile
        if last is None or last[0]() is not subject:
            last = self._last = ref(subject, self._forget), make()
        return last[1]

    def _forget(self, gone: ref[T]) -> None:
        if self._last is not None and self._last[0] is gone:
            self._last = None


class Shared(Generic[K]):
    """Equal values as one object, up to so many different ones: where most are alike, one stands for thousands."""

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._values: dict[K, K] = {}

    def one(self, value: K) -> K:
        """The value, or the equal one that was met before it."""
        kept_value = self._values.setdefault(value, value)
        if len(self._values) > self._most:
            self._values.clear()
        return kept_value


class SharedByIdentity(Generic[T, V]):
    """What follows from objects that are long to compare: made once for each of them, found by which it is.

    The objects are kept, so that none can take the place of another in memory, and with it its answer.
    """

    def __init__(self, make: Callable[[T], V]) -> None:
        self._make = make
        self._answers: dict[int, tuple[T, V]] = {}

    def get(self, subject: T) -> V:
        """What follows from this very object."""
        answer = self._answers.get(id(subject))
        if answer is None:
            answer = self._answers[id(subject)] = subject, self._make(subject)
        return answer[1]


class _Table(Protocol):
    """A table that can find out ahead of time who reads what."""

    def settle(self) -> bool:
        """Find it out. Says whether that was still to be done."""


class Trace:
    """Notes the addresses that are read; readers add to `reads`. It knows the tables whose rows are made under it."""

    __slots__ = ("_tables", "reads")

    def __init__(self) -> None:
        self.reads: set[Address] = set()
        self._tables: list[_Table] = []

    def watch(self, table: _Table) -> None:
        """Count a table among those that are settled."""
        self._tables.append(table)

    def settle(self) -> bool:
        """Let one more table find out who reads what, before anything changes. Says whether there was one."""
        return any(table.settle() for table in self._tables)

    def following(self, make: Callable[[K], V], key: K) -> tuple[V, set[Address]]:
        """What is made, and what was read for it."""
        outer, self.reads = self.reads, set()
        try:
            return make(key), self.reads
        finally:
            self.reads = outer


class Noted(Generic[K, V]):
    """A table whose reading is noted."""

    __slots__ = ("_table", "_trace")

    def __init__(self, trace: Trace, table: Mapping[K, V]) -> None:
        self._trace = trace
        self._table = table

    def get(self, key: K) -> V | None:
        """What is there for a key."""
        self._trace.reads.add(key)
        return self._table.get(key)


class _Several(tuple[Address, ...]):
    """What was read for one row, where it is more or less than one address."""

    __slots__ = ()


_NOTHING = _Several()


class Rows(Generic[K, V]):
    """Rows by key, each made by `make` and kept as long as nothing changes that was read for it.

    A row that is made again and equal stays the very same object.
    """

    __slots__ = ("_make", "_readers", "_reads", "_trace", "values")

    def __init__(self, trace: Trace, make: Callable[[K], V]) -> None:
        self.values: dict[K, V] = {}
        self._make = make
        self._trace = trace
        self._reads: dict[K, Address | _Several] = {}
        # Most addresses have one reader: only for the second a set is made.
        self._readers: dict[Address, K | set[K]] | None = None
        trace.watch(self)

    def settle(self) -> bool:
        """Find out who reads what, so that the first change need not wait for it. Says whether that was still to be done."""
        if self._readers is not None or not self._reads:
            return False
        self._index()
        return True

    def get(self, key: K) -> V:
        """The row of a key; whoever asks has read it."""
        self._trace.reads.add(key)
        if key not in self.values:
            self._put(key)
        return self.values[key]

    def refresh(self, changed: Iterable[Address], new: Iterable[K] = (), removed: Iterable[K] = ()) -> set[K]:
        """Make again what read anything that changed, and what is new; the keys of rows that are other ones, or gone."""
        others = {key for key in removed if self._drop(key)}
        stale = set(self.readers_of(changed))
        others.update(key for key in paced(stale) if self._put(key))
        others.update(self._fill([key for key in new if key not in self.values]))
        return others

    def readers_of(self, changed: Iterable[Address]) -> Iterator[K]:
        """The rows that follow from something that changed, a changed row itself among them."""
        if not self.values:
            return
        # Sets are met by the interpreter, the smaller against the larger.
        addresses = changed if isinstance(changed, Set) else set(changed)
        yield from self.values.keys() & addresses
        readers_of = self._index()
        for address in readers_of.keys() & addresses:
            readers = readers_of[address]
            if isinstance(readers, set):
                yield from readers
            else:
                yield readers

    def is_read(self, address: Address) -> bool:
        """Whether any row follows from it."""
        return address in self._index()

    def keep(self, is_wanted: Callable[[K], bool]) -> None:
        """Drop the rows that are not wanted."""
        for key in [key for key in self.values if not is_wanted(key)]:
            self._drop(key)

    def _fill(self, keys: list[K]) -> list[K]:
        """Make rows that are new: in a first round these are all, so it takes no step that only old rows need."""
        trace, outer = self._trace, self._trace.reads
        reads = trace.reads = set()
        try:
            for key in paced(keys):
                self.values[key] = self._make(key)
                reads.discard(key)
                if reads:
                    self._keep(key, reads)
                    reads.clear()
        finally:
            trace.reads = outer
        return keys

    def _put(self, key: K) -> bool:
        value, reads = self._trace.following(self._make, key)
        reads.discard(key)
        before = self._read_for(key)
        if len(before) != len(reads) or not reads.issuperset(before):
            self._unread(key, before)
            self._keep(key, reads)
        if key in self.values and (self.values[key] is value or self.values[key] == value):
            return False
        self.values[key] = value
        return True

    def _drop(self, key: K) -> bool:
        self._unread(key, self._read_for(key))
        self._reads.pop(key, None)
        present = key in self.values
        self.values.pop(key, None)
        return present

    # ---- who reads what

    def _keep(self, key: K, reads: set[Address]) -> None:
        """Keep what was read for a row. Most rows follow from one thing: that is kept as it is, with nothing around it."""
        self._reads[key] = next(iter(reads)) if len(reads) == 1 else _Several(reads)
        self._note(key, reads)

    def _read_for(self, key: K) -> Collection[Address]:
        reads = self._reads.get(key, _NOTHING)
        return reads if isinstance(reads, _Several) else (reads,)

    def _index(self) -> dict[Address, K | set[K]]:
        """The readers of each address: found out when anything changes for the first time, which for many rows is never."""
        if self._readers is None:
            self._readers = {}
            for key in self._reads:
                self._note(key, self._read_for(key))
        return self._readers

    def _note(self, key: K, addresses: Iterable[Address]) -> None:
        index = self._readers
        if index is None:
            return
        for address in addresses:
            readers = index.setdefault(address, key)
            if isinstance(readers, set):
                readers.add(key)
            elif readers is not key and readers != key:
                index[address] = {readers, key}

    def _unread(self, key: K, addresses: Iterable[Address]) -> None:
        index = self._readers
        if index is None:
            return
        for address in addresses:
            readers = index.get(address)
            if isinstance(readers, set) and len(readers) > 1:
                readers.discard(key)
            else:
                index.pop(address, None)


class Successor(dict[K, V]):
    """A frozen table that knows in which keys it differs from the one before it, where these are few.

    What follows from a table of tens of thousands then looks at the few, and not at all of it to find them.
    """

    __slots__ = ("_before", "_changed", "_mark")

    def __init__(self, table: Mapping[K, V], before: Mapping[K, V] | None = None, changed: Set[K] | None = None) -> None:
        super().__init__(table)
        self._mark = object()  # stands for the table, and keeps none alive
        few = isinstance(before, Successor) and changed is not None and FEW * len(changed) <= len(table)
        self._before = before._mark if few and isinstance(before, Successor) else None
        self._changed: Set[K] = changed if few and changed is not None else frozenset()

    def since(self, before: Mapping[K, V]) -> Set[K] | None:
        """The only keys in which it may differ from another table; None where that has to be looked for."""
        return self._changed if isinstance(before, Successor) and before._mark is self._before else None


FEW = 2
"""A table is compared key by key where more than one in so many changed: then to remember them is no gain."""


def with_more(changed: Set[T], more: Iterable[T]) -> Set[T]:
    """Both together: the very same set where nothing is added, for what changed in a first round is all that there is."""
    added = more if isinstance(more, Set) else set(more)
    return changed if added <= changed else {*changed, *added}


def changed_keys(before: Mapping[K, V], after: Mapping[K, V]) -> set[K]:
    """The keys whose value is another object now, or that only one of them has."""
    if before is after:
        return set()
    differing = after.since(before) if isinstance(after, Successor) else None
    if differing is not None:
        return set(differing)
    if len(before) == len(after) and all(map(is_, before, after)):
        # The same keys in the same order, as after most changes: the interpreter alone looks through tens of thousands.
        return set(compress(after, map(is_not, before.values(), after.values())))
    keys = {key for key, value in after.items() if before.get(key) is not value}
    if len(before) + len(keys) > len(after):
        keys.update(before.keys() - after.keys())
    return keys

"""The rows that queries are asked about, their texts prepared, and sets of rows as bit masks of one byte a row.

A row is an image as one container of a workload runs it (or declares it, when nothing runs), an image that no workload has,
or a container whose image is not known. Besides these there are rows that only a question about uses asks: an image that the
spec names while another one runs, one that is kept for rollback (or was, and is gone), and pods that run nothing yet beside
others that do.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from enum import IntFlag
from functools import cached_property
from itertools import accumulate, compress
from typing import NamedTuple

from tui.domain.common.pace import paced, sorted_in_steps
from tui.domain.snapshot.snapshot import Container, Image, ImageKey, Snapshot, Workload
from tui.domain.workloads.counting import UseKind, uses_of_image

__all__ = ["Beginnings", "Mark", "NumberColumn", "Rows", "Texts", "Truth", "mask_of"]

SPARSE = 16  # below one row in so many, going from thing to thing is faster than over all rows


class Truth(NamedTuple):
    """For which rows something holds, and for which it cannot be told; never both."""

    yes: int
    maybe: int = 0

    @property
    def sure(self) -> Truth:
        """The same, where what holds is not also what cannot be told."""
        return Truth(self.yes, self.maybe & ~self.yes)


class NumberColumn(Sequence[int]):
    """For every row the number of its thing, `absent` for none."""

    def __init__(self, numbers: list[int], absent: int) -> None:
        self._numbers = numbers
        self.absent = absent

    def __getitem__(self, row: int) -> int:  # type: ignore[override]  # rows are never sliced
        return self._numbers[row]

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers)

    def rows_of(self, hits: Sequence[int]) -> int:
        """The mask of the rows of these things, given by number."""
        if not hits:
            return 0
        if len(hits) * SPARSE < self.absent:
            return self._sparse(hits)
        flags = bytearray(self.absent + 1)
        for hit in hits:
            flags[hit] = 1
        return int.from_bytes(bytes(map(flags.__getitem__, self._numbers)), "little")

    def where(self, flags: Iterable[bool]) -> int:
        """The mask of the rows of the things that are flagged; flags come in the order of the things."""
        packed = bytes(flags) + b"\0"
        count = packed.count(1)
        if count * SPARSE < self.absent:
            return self._sparse(list(_ones(packed))) if count else 0
        return int.from_bytes(bytes(map(packed.__getitem__, self._numbers)), "little")

    def things(self, mask: int) -> set[int]:
        """The numbers of the things in these rows, without `absent`."""
        if not mask:
            return set()
        packed = mask.to_bytes(len(self._numbers), "little")
        if packed.count(1) * SPARSE < len(packed):
            numbers = {self._numbers[row] for row in paced(_ones(packed))}
        else:
            numbers = set(compress(self._numbers, packed))
        numbers.discard(self.absent)
        return numbers

    def _sparse(self, hits: Sequence[int]) -> int:
        order, starts = self._rows_by_thing
        packed = bytearray(len(self._numbers))
        for hit in paced(hits):
            for row in order[starts[hit] : starts[hit + 1]]:
                packed[row] = 1
        return int.from_bytes(packed, "little")

    @cached_property
    def _rows_by_thing(self) -> tuple[list[int], list[int]]:
        counts = [0] * (self.absent + 2)
        for number in paced(self._numbers):
            counts[number + 1] += 1
        return sorted(range(len(self._numbers)), key=self._numbers.__getitem__), list(accumulate(counts))


class Texts:
    """Texts in small letters, searched all at once."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = tuple(texts)
        self._whole = "\0".join(self._texts)
        self._ends = list(accumulate(len(text) + 1 for text in paced(self._texts)))

    def containing(self, part: str) -> Sequence[int]:
        """The numbers of the texts that have the part in them."""
        hits: list[int] = []
        if "\0" in part:
            return hits
        most, position = max(1000, len(self._texts) // SPARSE), self._whole.find(part)
        while position >= 0:
            if len(hits) == most:
                return list(compress(range(len(self._texts)), [part in text for text in paced(self._texts)]))
            number = bisect_right(self._ends, position)
            hits.append(number)
            position = self._whole.find(part, self._ends[number])
        return hits

    def matching(self, matches: Callable[[str], bool]) -> Sequence[int]:
        """The numbers of the texts that match; equal texts are tried once."""
        verdicts = {text: matches(text) for text in paced(set(self._texts))}
        return [number for number, text in enumerate(paced(self._texts)) if verdicts[text]]


class Beginnings:
    """Digests or names in order, so that their beginnings are found at once; `owned` has the numbers of things with theirs."""

    def __init__(self, owned: Iterable[tuple[int, Iterable[str]]]) -> None:
        self._owned = sorted_in_steps(
            [(_encoded(digest), digest, number) for number, digests in paced(owned) for digest in digests if digest]
        )

    def beginning(self, value: str) -> Sequence[int]:
        """The owners of the digests that begin with the value, with or without its algorithm."""
        start = _encoded(value)
        low, high = (bisect_left(self._owned, (beginning, "", 0)) for beginning in (start, start + "\x7f"))
        return [number for _, digest, number in self._owned[low:high] if ":" not in value or digest.startswith(value)]


class Mark(IntFlag):
    """What is known of a row: the uses of its image there, which of them nobody can tell, and why it is a row.

    EXTRA rows answer questions about uses alone; WAITING rows stand for pods that run nothing yet beside others that do,
    LOST rows for what a workload could go back to if its registry still had it.
    """

    RUNNING = 1
    DECLARED = 2
    SCHEDULED = 4
    SCALED_TO_ZERO = 8
    ROLLBACK = 16
    UNSURE_DECLARED = 32
    UNSURE_OWNER = 64
    EXTRA = 128
    WAITING = 256
    LOST = 512


_MARKS = {use: Mark[use.name] for use in UseKind}
_OF_IMAGE = Mark.RUNNING | Mark.DECLARED | Mark.SCHEDULED | Mark.SCALED_TO_ZERO | Mark.ROLLBACK


class Rows:
    """The rows of a snapshot: three columns, and the marks of each row."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.images: tuple[Image, ...] = tuple(snapshot.images.values())
        self.workloads: tuple[Workload, ...] = tuple(snapshot.workloads.values())
        self.containers = [container for workload in paced(self.workloads) for container in workload.containers]
        self._columns: tuple[list[int], list[int], list[int]] = ([], [], [])
        self._marks: list[int] = []
        self._numbers = {image.key: number for number, image in enumerate(paced(self.images))}
        self._fill()
        self.image = NumberColumn(self._columns[0], len(self.images))
        self.workload = NumberColumn(self._columns[1], len(self.workloads))
        self.container = NumberColumn(self._columns[2], len(self.containers))
        self.all = int.from_bytes(b"\1" * len(self.image), "little")
        self.plain = self.all ^ self.marked(Mark.EXTRA)
        self.used = self.all ^ self.marked(Mark.LOST)

    def marked(self, mark: Mark) -> int:
        """The rows that have a mark."""
        flag = mark.value  # numbers are compared ten times as fast as flags
        return mask_of(marks & flag != 0 for marks in paced(self._marks))

    def negated(self, truth: Truth) -> Truth:
        """For which rows it does not hold."""
        return Truth(self.all ^ (truth.yes | truth.maybe), truth.maybe)

    def negated_for(self, column: NumberColumn, truth: Truth, rows: int) -> Truth:
        """For which rows it holds for no row of the same thing that is asked; a row without a thing counts for itself."""
        yes = column.things(truth.yes & rows)
        unsure = column.things(truth.maybe & rows) - yes
        alone = self.without_image if column is self.image else self.without_workload
        itself = self.negated(truth)
        holding, open_ = column.rows_of(tuple(yes)), column.rows_of(tuple(unsure))
        none = self.all & ~(holding | open_ | alone)
        return Truth(none | (itself.yes & alone), open_ | (itself.maybe & alone))

    @cached_property
    def without_workload(self) -> int:
        """The rows of images that no workload runs."""
        return mask_of(number == self.workload.absent for number in paced(self.workload))

    @cached_property
    def without_image(self) -> int:
        """The rows whose image is not known."""
        return mask_of(number == self.image.absent for number in paced(self.image))

    @cached_property
    def image_texts(self) -> Texts:
        """Registry, repository and tags of every image."""
        return Texts(map(_image_text, paced(self.images)))

    @cached_property
    def workload_texts(self) -> Texts:
        """Namespace and name of every workload."""
        return Texts(f"{workload.key.namespace}\n{workload.key.name}".lower() for workload in paced(self.workloads))

    @cached_property
    def container_texts(self) -> Texts:
        """Name and declared image of every container."""
        return Texts(f"{container.name}\n{container.image}".lower() for container in paced(self.containers))

    @cached_property
    def repositories(self) -> tuple[Texts, Texts]:
        """The repository, with its registry, of every image and of every container."""
        return (
            Texts(str(image.name).lower() for image in paced(self.images)),
            Texts(str(container.name_of or "").lower() for container in paced(self.containers)),
        )

    @cached_property
    def digests(self) -> tuple[Beginnings, Beginnings]:
        """The digests of every image, and those that containers report or are pinned to."""
        images = ((number, {*image.digests, *image.config_digests}) for number, image in enumerate(paced(self.images)))
        containers = ((number, {*item.digests, item.pin}) for number, item in enumerate(paced(self.containers)))
        return Beginnings(images), Beginnings(containers)

    @cached_property
    def pod_names(self) -> Beginnings:
        """The names of the pods of every container."""
        return Beginnings((number, {pod.name.lower() for pod in item.pod_refs}) for number, item in enumerate(self.containers))

    def _fill(self) -> None:
        placed: set[int] = set()
        elsewhere: dict[int, Mark] = {}
        place = 0
        for number, workload in enumerate(paced(self.workloads)):
            for container in workload.containers:
                placed |= self._add_container(number, place, container, elsewhere)
                place += 1
            if not workload.containers:
                self._add(len(self.images), number, len(self.containers), Mark.RUNNING if workload.pods else Mark(0))
            for image in self._known(workload.rollback):
                self._add_extra(image, number, len(self.containers), Mark.ROLLBACK, elsewhere)
            if workload.lost_rollback:
                self._add(len(self.images), number, len(self.containers), Mark.LOST | Mark.EXTRA)
        for number in paced(range(len(self.images))):
            if number not in placed:
                self._add(number, len(self.workloads), len(self.containers), elsewhere.get(number, Mark(0)) & _OF_IMAGE)

    def _known(self, keys: Iterable[ImageKey]) -> Set[int]:
        return {self._numbers[key] for key in keys if key in self._numbers}

    def _add_container(self, workload: int, place: int, container: Container, elsewhere: dict[int, Mark]) -> Set[int]:
        of = self.workloads[workload]
        images = self._known(container.images)
        for image in images:
            self._add(image, workload, place, _marks(of, container, self.images[image].key))
        live = [pod for pod in container.pod_refs if not pod.ended]
        started = Mark.RUNNING if any(pod.digest and pod.runs is None for pod in live) else Mark(0)
        if not images:
            self._add(len(self.images), workload, place, started | _marks(of, container, None))
        elif any(pod.runs is None for pod in live):
            self._add(len(self.images), workload, place, started | Mark.WAITING)
        for image in self._known((container.declared,) if container.declared is not None else ()) - images:
            self._add_extra(image, workload, place, _marks(of, container, container.declared), elsewhere)
        return images

    def _add_extra(self, image: int, workload: int, container: int, marks: Mark, elsewhere: dict[int, Mark]) -> None:
        elsewhere[image] = elsewhere.get(image, Mark(0)) | marks
        self._add(image, workload, container, marks | Mark.EXTRA)

    def _add(self, image: int, workload: int, container: int, marks: Mark) -> None:
        for column, number in zip(self._columns, (image, workload, container), strict=True):
            column.append(number)
        self._marks.append(marks.value)


def _marks(workload: Workload, container: Container, image: ImageKey | None) -> Mark:
    """How a container uses an image (None: one that is not known), and what nobody can tell of that."""
    marks = Mark(0)
    for use in uses_of_image(workload, container, image):
        marks |= _MARKS[use]
    if image is None or (container.declared is None and not marks & Mark.DECLARED):
        marks |= Mark.UNSURE_DECLARED
    return marks if workload.owner_readable else marks | Mark.UNSURE_OWNER


def mask_of(flags: Iterable[bool]) -> int:
    """The mask of the rows that are flagged."""
    return int.from_bytes(bytes(flags), "little")


def _ones(packed: bytes) -> Iterator[int]:
    position = packed.find(1)
    while position >= 0:
        yield position
        position = packed.find(1, position + 1)


def _encoded(digest: str) -> str:
    return digest.rpartition(":")[2]


def _image_text(image: Image) -> str:
    name = str(image.name)
    return ("\n".join(f"{name}:{tag}" for tag in image.tags) or name).lower()

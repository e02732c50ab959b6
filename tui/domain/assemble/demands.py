"""What registries are asked for, kept round after round: what nothing changed about is not found out again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import NamedTuple

from tui.domain.assemble.reading import can_follow, changed_in
from tui.domain.assemble.references import Reference, References
from tui.domain.assemble.wanted import base_demands, claims_on, demands_of, merged
from tui.domain.common.memo import Address, Rows, Trace
from tui.domain.common.source_id import SourceKind
from tui.domain.facts.configured import configured_claims
from tui.domain.facts.demand import Demand, Priority
from tui.domain.facts.facts import Facts, ImageFacts
from tui.domain.facts.image import RepositoryName
from tui.domain.registries.presence import Registries
from tui.domain.registries.public import PUBLIC

__all__ = ["MAX_BASES", "MAX_GENERATIONS", "DemandJoin", "Urgency"]

MAX_BASES = 2000
MAX_GENERATIONS = 12
Urgency = Mapping[tuple[RepositoryName, str], Priority]
"""How urgent each manifest that is demanded is, and each platform of it."""
_Asked = tuple[RepositoryName, str]


class _Content(NamedTuple):
    """What is asked for because of a manifest: the bases that it is said to stand on; and the manifests of its platforms."""

    bases: tuple[Demand, ...] = ()
    platforms: tuple[str, ...] = ()


class DemandJoin:
    """Keeps every manifest that the facts make us want to know; the order is stable, most urgent first."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self.demands: tuple[Demand, ...] = ()
        self.urgency: Urgency = {}
        self._trace = Trace()
        self._facts = ImageFacts()
        self._registries = Registries(self._facts, trace=self._trace)
        self._references = References()
        self._referenced: frozenset[Reference] = frozenset()
        self._asked: frozenset[str] = frozenset()
        self._hosts: Set[str] = frozenset()
        self._running: Rows[Reference, tuple[Demand, ...]] = Rows(self._trace, self._demands_of)
        self._first: tuple[Demand, ...] = ()
        self._contents: Rows[str, _Content] = Rows(self._trace, self._read)
        self._digests: dict[_Asked, str] = {}
        self._open: set[_Asked] = set()

    @property
    def outstanding(self) -> bool:
        """Whether anything that is wanted has not been answered in any way yet."""
        return bool(self._open)

    def of(self, facts: Facts) -> tuple[Demand, ...]:
        """What these facts make us want; the very same as long as that is no other."""
        if not can_follow(self._facts, facts.images):
            self._start()
        # Most of what clusters tell, such as a pod that started again, leads to nothing new.
        referenced, registries = self._references.of(facts.cluster), _registries_asked(facts)
        if facts.images is not self._facts or referenced is not self._referenced or registries != self._asked:
            self._renew(facts.images, referenced, registries)
        return self.demands

    def _renew(self, images: ImageFacts, referenced: frozenset[Reference], registries: frozenset[str]) -> None:
        self._trace.reads.clear()
        changed: set[Address] = changed_in(self._facts, images) if images is not self._facts else set()
        self._facts = images
        changed |= self._registries.renew(images, {}, changed)
        before, self._referenced, self._asked = self._referenced, referenced, registries
        running = self._running.refresh(changed, referenced - before, before - referenced)
        if running:
            self._first = tuple(merged(demand for pair in sorted(referenced) for demand in self._running.get(pair)))
        hosts = (
            {demand.name.registry for demand in self._first} | {name.registry for name in images.last_seen} | registries | PUBLIC
        )
        if hosts != self._hosts:
            self._hosts = hosts
            changed.update(self._contents.values)
        contents = self._contents.refresh(changed)
        if running or contents or any(self._is_moved(reference) for reference in self._digests.keys() & changed):
            self._ask()
        else:
            self._note_answers(self._digests.keys() & changed)

    def _ask(self) -> None:
        """Find out anew what is wanted, of what is known of each."""
        demands = tuple(merged([*self._first, *self._bases()]))
        if demands != self.demands:
            self.demands = demands
        self._digests = {(demand.name, demand.reference): self._digest_of(demand) for demand in demands}
        used = set(self._digests.values())
        if len(self._contents.values) > 2 * len(used):
            self._contents.keep(used.__contains__)
        urgency = self._urgency()
        if urgency != self.urgency:
            self.urgency = urgency
        self._open.clear()
        self._note_answers(self._digests)

    def _note_answers(self, references: Iterable[_Asked]) -> None:
        for name, reference in references:
            answered = self._is_answered(name, reference)
            (self._open.discard if answered else self._open.add)((name, reference))

    def _is_answered(self, name: RepositoryName, reference: str) -> bool:
        registries = self._registries
        presence = registries.digest(name, reference) if ":" in reference else registries.tag(name, reference)
        return presence.answered_at is not None or presence.kind is not None

    def _is_moved(self, reference: _Asked) -> bool:
        name, tag = reference
        return ":" not in tag and self._registries.tag(name, tag).digest != self._digests[reference]

    def _digest_of(self, demand: Demand) -> str:
        return demand.reference if ":" in demand.reference else self._registries.tag(demand.name, demand.reference).digest

    def _urgency(self) -> dict[_Asked, Priority]:
        urgency: dict[_Asked, Priority] = {}
        for demand in self.demands:
            digest = self._digests[demand.name, demand.reference]
            for part in (digest, *self._contents.get(digest).platforms):
                earlier = urgency.get((demand.name, part), Priority.REST)
                urgency[demand.name, part] = min(earlier, demand.priority)
        return urgency

    def settle(self) -> bool:
        """Get a bit readier for the next change. Says whether there was anything to do."""
        return self._trace.settle()

    # ---- rows

    def _demands_of(self, pair: Reference) -> tuple[Demand, ...]:
        return tuple(demands_of(pair, self._registries))

    def _read(self, digest: str) -> _Content:
        """What follows from a manifest; nothing while it was not read."""
        manifest = self._facts.manifests.get(digest)
        if manifest is None:
            return _NOTHING
        claims = claims_on(manifest, self._facts, self._trace)
        demands = dict.fromkeys(demand for claim in claims for demand in base_demands(claim, self._hosts))
        return _Content(tuple(demands), tuple(child.digest for child in manifest.children))

    # ---- bases

    def _bases(self) -> list[Demand]:
        """The bases that images are said to stand on, and theirs in turn, as far as they are known by now."""
        bases: dict[Demand, None] = {}
        generation: Iterable[Demand] = self._first
        for _ in range(MAX_GENERATIONS):
            new = dict.fromkeys(demand for demand in self._below(generation) if demand not in bases)
            generation = list(new)[: MAX_BASES - len(bases)]
            if not generation:
                break
            bases.update(dict.fromkeys(generation))
        return list(bases)

    def _below(self, generation: Iterable[Demand]) -> Iterator[Demand]:
        """What a generation stands on: what the settings say of its repositories, usually nothing, comes first."""
        configured = self._facts.configured
        for name in dict.fromkeys(demand.name for demand in generation) if configured else ():
            for claim in configured_claims(name, configured):
                yield from base_demands(claim, self._hosts)
        for digest in dict.fromkeys(map(self._digest_of, generation)):
            if digest:
                yield from self._contents.get(digest).bases


def _registries_asked(facts: Facts) -> frozenset[str]:
    """The registries that are asked already, or that the configuration says not to ask."""
    return frozenset(source.name for source in facts.health if source.kind is SourceKind.REGISTRY and source.name)


_NOTHING = _Content()

"""Whose signatures are looked for because somebody asks about the images: nobody has looked yet, mostly as nothing runs them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import NamedTuple

from tui.domain.checks.signature import is_awaited
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.demand import Demand, Priority
from tui.domain.query.language import Key, Term, Trait
from tui.domain.query.reach import Reach, reach_of
from tui.domain.snapshot.snapshot import Image, ImageKey, Snapshot

__all__ = ["MAX_ASKED", "SignatureWishes", "signatures_wanted", "unlooked", "unlooked_reach"]

MAX_ASKED = 200
"""Images whose signatures are looked for at once: registries count what is asked of what is attached apart, and give little."""


class SignatureWishes(NamedTuple):
    """What is to be asked for now; of how many images the answer is awaited then, and of how many nobody asks, being too many."""

    demands: tuple[Demand, ...]
    awaited: int
    missed: int


_OF_SIGNATURES = frozenset({Trait.SIGNED, Trait.UNSIGNED, Trait.FAULTY})


def unlooked_reach(snapshot: Snapshot, images_found: Iterable[ImageKey], terms: tuple[Term, ...]) -> Reach:
    """How far signatures are looked for where all of the registries was read: those of what nothing uses only for a query that
    asks for that, or finds nothing else. They are only there to be counted beside what is used."""
    reach = reach_of(terms)
    if reach is Reach.ANY and not any(key in snapshot.images and snapshot.images[key].in_use for key in images_found):
        return Reach.REST
    return Reach.REST if reach is Reach.REST else Reach.LINEAGE


def signatures_wanted(
    snapshot: Snapshot, images_found: Iterable[ImageKey], terms: tuple[Term, ...], reach: Reach, demanded: Set[Demand]
) -> SignatureWishes:
    """The signatures to look for next for a query, of which some were `demanded` already."""
    wishes = unlooked(snapshot, images_found, terms).items()
    # Where lineage is asked for, what nothing uses is only there to be counted.
    demands_by_image = [demands for key, demands in wishes if reach is not Reach.LINEAGE or snapshot.images[key].in_use]
    left = [[demand for demand in demands if demand not in demanded] for demands in demands_by_image]
    now = tuple([demand for demands in left for demand in demands][: max(0, MAX_ASKED - len(demanded))])
    sent = {*demanded, *now}
    awaited = sum(not sent.isdisjoint(demands) for demands in demands_by_image)
    return SignatureWishes(now, awaited, 0 if now else sum(map(bool, left)))


def unlooked(
    snapshot: Snapshot, images_found: Iterable[ImageKey], terms: tuple[Term, ...]
) -> Mapping[ImageKey, tuple[Demand, ...]]:
    """By image, wishes for the signatures of what a query finds, and of what it would find or not by its signature."""
    keys = snapshot.images if any(map(_is_of_signatures, terms)) else images_found
    images = (snapshot.images[key] for key in sorted(keys) if key in snapshot.images)
    wishes = ((image.key, tuple(_wishes(image))) for image in images if _is_open(image))
    return {key: demands for key, demands in wishes if demands}


def _is_of_signatures(term: Term) -> bool:
    of_check = term.key is Key.CHECK and term.value.startswith(f"{CheckName.SIGNATURE}=")
    return of_check or term.key is Key.VERDICT or (term.key is Key.IS and term.value in _OF_SIGNATURES)


def _is_open(image: Image) -> bool:
    """Whether the policy asks for a signature, and nobody has looked whether there is one."""
    signature = next((check for check in image.checks if check.name is CheckName.SIGNATURE), None)
    if signature is None or signature.state is not State.UNKNOWN or image.absent or not image.key.digest:
        return False
    return not image.in_use or is_awaited(signature)


def _wishes(image: Image) -> Iterator[Demand]:
    """For the image itself; for its platforms once that was looked at, as a tag may name one of them."""
    looked = {verified.subject for verified in image.signatures}
    digests = image.digests if image.key.digest in looked else (image.key.digest,)
    return (Demand(image.name, digest, Priority.REST, referrers=True) for digest in digests if digest not in looked)

"""Whose signatures are looked for because somebody asks about the images: nobody has looked yet, mostly as nothing runs them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tui.domain.checks.signature import is_awaited
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.demand import Demand, Priority
from tui.domain.query.language import Key, Term, Trait
from tui.domain.snapshot.snapshot import Image, ImageKey, Snapshot

__all__ = ["MAX_ASKED", "unlooked"]

MAX_ASKED = 200
"""Images whose signatures are looked for at once: registries count what is asked of what is attached apart, and give little."""
_OF_SIGNATURES = frozenset({Trait.SIGNED, Trait.UNSIGNED, Trait.FAULTY})


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

"""What uses the thing that a row is about, as a query and the view that shows its answer."""

from __future__ import annotations

from typing import NamedTuple

from tui.domain.query.language import Key, Term, format_term
from tui.domain.snapshot.snapshot import ImageKey, Snapshot
from tui.presenters.keys import RowSubject
from tui.presenters.phrases import node_name
from tui.presenters.tabs.lines import images_of

__all__ = ["Uses", "uses_of"]

DIGITS = 12
"""Of a digest, as it is shown everywhere."""


class Uses(NamedTuple):
    """The query that finds what uses a thing, the view that shows it, and why there is none where the query is empty."""

    query: str
    view: str = ""
    why_none: str = ""


def uses_of(subject: RowSubject, snapshot: Snapshot) -> Uses:
    """The workloads that run the image of a row; of what other images are built on, those images."""
    key = next((row.key for row in images_of(subject, snapshot) if row.key is not None), None)
    if key is None:
        return Uses("", why_none="This row is about no image that is known: nothing can be told to use it.")
    if key in snapshot.derived:
        return Uses(_by_digest(Key.BASE, key, snapshot), "lineage")
    if key in snapshot.users:
        return Uses(_by_digest(Key.DIGEST, key, snapshot), "workloads")
    image = snapshot.images.get(key)
    name = node_name(image) if image is not None else key.repository
    none = f"No workload that could be read uses {name}, and no image that is known is built on it."
    return Uses("", why_none=none if snapshot.complete else f"{none} Not everything could be read: s says what.")


def _by_digest(by: Key, key: ImageKey, snapshot: Snapshot) -> str:
    """The term that finds this image by the beginning of its digest; by its name where it has no digest that is known."""
    hexadecimal = key.digest.partition(":")[2]
    if hexadecimal:
        return format_term(Term(by, hexadecimal[:DIGITS]))
    base = snapshot.bases.get(key)
    name = str(key.name).strip("/") or (base.label if base is not None else "")
    return format_term(Term(Key.BASE if by is Key.BASE else Key.REPO, name))

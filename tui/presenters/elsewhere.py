"""What else a query that finds nothing could have meant, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tui.domain.common.text import clean
from tui.domain.query.elsewhere import Elsewhere, elsewhere
from tui.domain.query.index import QueryIndex
from tui.domain.query.language import Key, Term, format_term
from tui.domain.query.nearest import Nearest, nearest_names
from tui.presenters.words import plural

__all__ = ["elsewhere_words", "meant_words"]

MOST = 3
_ASKED = {
    Key.WORD: "as a name",
    Key.CVE: "as a vulnerability",
    Key.PKG: "as a package",
    Key.REPO: "as a repository",
    Key.BASE: "as a base",
    Key.DIGEST: "as a digest",
    Key.NS: "as a namespace",
    Key.CTX: "as a context",
    Key.TEAM: "as a team",
    Key.KIND: "as a kind",
}


def meant_words(terms: Sequence[Term], index: QueryIndex, now: datetime) -> str:
    """What else a query that finds nothing could have meant: its text as something else, or the nearest name that there is."""
    return elsewhere_words(elsewhere(terms, index, now)) or _nearest_words(nearest_names(terms, index, now))


def _nearest_words(names: Sequence[Nearest]) -> str:
    """`Nothing has “paymnts” as a namespace. Did you mean `ns:payments`?`; empty where no name is like it."""
    for term, near in ((name.term, name.near) for name in names):
        return f"Nothing has “{clean(term.value, 60)}” {_ASKED[term.key]}. Did you mean `{clean(format_term(near), 80)}`?"
    return ""


def elsewhere_words(places: Sequence[Elsewhere]) -> str:
    """`Nothing has “openssl” as a name; 26 images have it as `pkg:`.`; empty where nothing has it as anything."""
    if not places:
        return ""
    term = places[0].term
    others = [_other(place) for place in places if place.term == term][:MOST]
    return f"Nothing has “{clean(term.value, 60)}” {_ASKED[term.key]}; {', '.join(others)}."


def _other(place: Elsewhere) -> str:
    number, noun = (place.images, "image") if place.images else (place.workloads, "workload")
    form = "in a name" if place.key is Key.WORD else f"as `{place.key}:`"
    return f"{plural(number, noun)} {'has' if number == 1 else 'have'} it {form}"

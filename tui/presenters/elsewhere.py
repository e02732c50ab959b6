"""What else a query that finds nothing could have meant, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from tui.domain.common.text import clean
from tui.domain.query.elsewhere import Elsewhere
from tui.domain.query.language import Key
from tui.presenters.words import plural

__all__ = ["elsewhere_words"]

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
}


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

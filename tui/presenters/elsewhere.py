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


def elsewhere_words(found: Sequence[Elsewhere]) -> str:
    """`Nothing has “openssl” as a name; 26 images have it as `pkg:`.`; empty where nothing has it as anything."""
    if not found:
        return ""
    term = found[0].term
    others = [_other(each) for each in found if each.term == term][:MOST]
    return f"Nothing has “{clean(term.value, 60)}” {_ASKED[term.key]}; {', '.join(others)}."


def _other(found: Elsewhere) -> str:
    number, what = (found.images, "image") if found.images else (found.workloads, "workload")
    how = "in a name" if found.key is Key.WORD else f"as `{found.key}:`"
    return f"{plural(number, what)} {'has' if number == 1 else 'have'} it {how}"

"""Text of others in Markdown: it means nothing there, and what is to be copied stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tui.domain.common.text import clean

__all__ = ["code", "fenced", "inert"]

LONGEST = 2_000
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&@])")
_WEB = re.compile(r"\b(www)\.", re.IGNORECASE)
_TICKS = re.compile(r"`+")


def inert(text: str) -> str:
    """A text on one line without a meaning for Markdown or HTML: no link, no mention, no list."""
    escaped = _SPECIAL.sub(r"\\\1", clean(text, LONGEST)).replace("\\<", "&lt;")
    # GitHub makes links of addresses wherever they stand (GFM, "Autolinks (extension)").
    return _WEB.sub(r"\1\\.", escaped.replace("://", ":\\/\\/"))


def code(text: str) -> str:
    """A text on one line as it is, in ticks that nothing in it ends; empty where there is none."""
    shown = clean(text, LONGEST)
    ticks = "`" * (1 + max(map(len, _TICKS.findall(shown)), default=0))
    pad = " " if shown[:1] == "`" or shown[-1:] == "`" else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}" if shown else ""


def fenced(language: str, lines: Iterable[str], indent: str = "") -> Iterator[str]:
    """Lines as they are, in a fence that none of them ends; nothing where there are none."""
    texts = [clean(line, LONGEST) for line in lines]
    if texts:
        fence = "`" * max(3, 1 + max((len(ticks) for text in texts for ticks in _TICKS.findall(text)), default=0))
        yield from (f"{indent}{line}" for line in (f"{fence}{language}", *texts, fence))

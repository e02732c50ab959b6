"""Pages of registries: `n`, `last`, and the `Link` to the next one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import quote

__all__ = ["page"]

T = TypeVar("T")
DEFAULT = 100
MOST = 1000


def page(
    path: str, query: Mapping[str, str], rows: Sequence[T], names: Sequence[str], parameters: Mapping[str, str]
) -> tuple[list[T], tuple[tuple[str, str], ...]]:
    """One page of rows and the Link header, absent on the last page.

    `parameters` is repeated in the link. ACR: 100 rows unless asked, never more than 1000 (azure-powershell#22922, acr#749).
    """
    try:
        size = min(int(query.get("n", "") or DEFAULT), MOST)
    except ValueError:
        size = DEFAULT
    size = size if size > 0 else DEFAULT
    last = query.get("last", "")
    start = names.index(last) + 1 if last in names else sum(name <= last for name in names) if last else 0
    selected = list(rows[start : start + size])
    if start + size >= len(rows) or not selected:
        return selected, ()
    more = "".join(f"&{name}={quote(value, safe='')}" for name, value in parameters.items())
    mark = quote(names[start + size - 1], safe="")
    return selected, (("Link", f'<{path}?last={mark}&n={size}{more}>; rel="next"'),)

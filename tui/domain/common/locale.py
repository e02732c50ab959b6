"""What a locale says of the signs that a terminal can show."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["speaks_unicode"]

_COERCED = "C.UTF-8"
"""What Python puts into LC_CTYPE where nothing says which locale is meant, or the plain one is (PEP 538)."""
_PLAIN = ("C", "POSIX")


def speaks_unicode(environment: Mapping[str, str], encoding: str | None) -> bool:
    """Whether all signs can be shown: by the locale that the operator names, else by the encoding that Python writes in.

    The first of LC_ALL, LC_CTYPE and LANG that is set counts (POSIX, XBD 8.2). Python alone writes UTF-8 under the plain locale.
    """
    settings = [environment.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")]
    if settings[1] == _COERCED and (settings[2] in _PLAIN or not settings[2]):
        settings[1] = ""
    locale = next((name for name in settings if name), "")
    if locale and "utf-8" not in locale.lower() and "utf8" not in locale.lower():
        return False
    return "utf" in (encoding or "").lower()

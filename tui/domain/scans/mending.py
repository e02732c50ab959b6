"""What mends a vulnerability of an image: a rebuild of what carries it, in order, a fixed package, or nothing yet."""

from __future__ import annotations

from tui.domain.common.text import clean
from tui.domain.facts.scan import ImageVulnerability
from tui.domain.lineage.base_steps import Rebuild, in_order
from tui.domain.registries.public import PUBLIC

__all__ = ["mended"]

_TOOLCHAINS = {"stdlib": "Go"}
"""What scanners call the library that comes with a language: the language is what is updated."""


def mended(row: ImageVulnerability) -> str:
    """One sentence that mends this vulnerability; it never names a build that has it too."""
    if row.rebuild and row.route:
        return _rebuilt(row.route)
    if not row.fixed:
        return "No fix is known yet."
    package = _TOOLCHAINS.get(row.package, clean(row.package, 60))
    what = f"Update {package} to {clean(row.fixed, 60).removeprefix('v' if row.package in _TOOLCHAINS else '')}"
    if not row.from_base or not row.base:
        return f"{what}, then rebuild."
    return _updated(what, [clean(name, 200) for name in row.route or (row.base,)])


def _updated(what: str, carriers: list[str]) -> str:
    """What is to be updated in the lowest base that is not everybody's, and rebuilt from there up to the image."""
    ours = next((place for place, name in enumerate(carriers) if name.partition("/")[0] not in PUBLIC), None)
    if ours is None:
        return f"{what} in this image, until {carriers[-1]} has it."
    above = "".join(f"{name}, then " for name in carriers[ours + 1 :])
    return f"{what} in {carriers[ours]}, then rebuild {above}this image."


def _rebuilt(route: tuple[str, ...]) -> str:
    lowest, *above = [clean(name, 200) for name in route]
    rebuilds = [Rebuild(name, f"today's build of {below}") for below, name in zip((lowest, *above), above, strict=False)]
    return in_order(rebuilds, f"today's build of {lowest}")

"""What mends a vulnerability of an image: a rebuild of what carries it, in order, a fixed package, or nothing yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tui.domain.common.text import clean
from tui.domain.facts.scan import ImageVulnerability
from tui.domain.lineage.base_steps import Rebuild, in_order, rebuilt_on
from tui.domain.registries.public import is_public

__all__ = ["mended", "mended_most"]

_TOOLCHAINS = {"stdlib": "Go"}
"""What scanners call the library that comes with a language: the language is what is updated."""


def mended(row: ImageVulnerability, base_step: str = "") -> str:
    """One sentence that mends this vulnerability; it never names a build that has it too.

    `base_step` is what mends the image's base. Where nobody knows whether that has the package too, it comes first, so that one
    image is not told two things.
    """
    if row.rebuild and row.route:
        return _rebuilt(row.route)
    if not row.fixed:
        return "No fix is known yet."
    package = _TOOLCHAINS.get(row.package, clean(row.package, 60))
    update = f"Update {package} to {clean(row.fixed, 60).removeprefix('v' if row.package in _TOOLCHAINS else '')}"
    base = rebuilt_on(base_step)
    if row.from_base is None and base:
        return f"Rebuild it on {base}; if that does not fix it, u{update[1:]}."
    if not row.from_base or not row.base:
        return f"{update}, then rebuild."
    return _updated(update, [clean(name, 200) for name in row.route or (row.base,)])


def _updated(update: str, carriers: list[str]) -> str:
    """What is to be updated in the lowest base that is not everybody's, and rebuilt from there up to the image."""
    ours = next((place for place, name in enumerate(carriers) if not is_public(name.partition("/")[0])), None)
    if ours is None:
        return f"{update} in this image, until {carriers[-1]} has it."
    above = "".join(f"{name}, then " for name in carriers[ours + 1 :])
    return f"{update} in {carriers[ours]}, then rebuild {above}this image."


def _rebuilt(route: tuple[str, ...]) -> str:
    lowest, *above = [clean(name, 200) for name in route]
    rebuilds = [Rebuild(name, f"the newest build of {below}") for below, name in zip((lowest, *above), above, strict=False)]
    return in_order(rebuilds, f"the newest build of {lowest}")


def mended_most(rows: Sequence[ImageVulnerability], move: str, base_step: str) -> str:
    """What mends most: a rebuild, then updates; without a fix somebody has to decide.

    `move` is what to do about a system that gets no fixes any more: it comes first, whatever else its base would mend.
    """
    routes = Counter(row.route for row in rows if row.rebuild and row.route)
    if routes:
        [(route, number)] = routes.most_common(1)
        step = mended(next(row for row in rows if row.rebuild and row.route == route))
        until = f"{move} Until then: " if move else ""
        return f"{until}{step} That fixes {number} of {len(rows)}."
    fixable = [row for row in rows if row.fixed]
    if not fixable:
        return move or "No fix is known: say in a VEX document why it does not apply, or accept it in the policy until a date."
    others = len({row.package for row in fixable}) - 1
    more = f" {others} more {'package has' if others == 1 else 'packages have'} a fix." if others else ""
    return f"{move} {mended(fixable[0], '' if move else base_step)}{more}".strip()

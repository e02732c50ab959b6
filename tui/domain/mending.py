"""What mends a vulnerability of an image: a rebuild of what carries it, in order, a fixed package, or nothing yet."""

from __future__ import annotations

from tui.domain.base_steps import Rebuild, in_order
from tui.domain.public import PUBLIC
from tui.domain.scan import ImageVulnerability
from tui.domain.text import clean

__all__ = ["mended"]


def mended(row: ImageVulnerability) -> str:
    """One sentence that mends this vulnerability; it never names a build that has it too."""
    if row.rebuild and row.route:
        return _rebuilt(row.route)
    if not row.fixed:
        return "No fix is known yet."
    package, fixed, base = clean(row.package, 60), clean(row.fixed, 60), clean(row.base, 200)
    if not row.from_base or not row.base:
        return f"Update {package} to {fixed}, then rebuild."
    if row.base.partition("/")[0] in PUBLIC:
        return f"Update {package} to {fixed} in this image, until {base} has it."
    return f"Update {package} to {fixed} in {base}, then rebuild what stands on it, and this image."


def _rebuilt(route: tuple[str, ...]) -> str:
    lowest, *above = [clean(name, 200) for name in route]
    rebuilds = [Rebuild(name, f"today's build of {below}") for below, name in zip((lowest, *above), above, strict=False)]
    return in_order(rebuilds, f"today's build of {lowest}")

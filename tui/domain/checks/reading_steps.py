"""What makes known what could not be read."""

from __future__ import annotations

from tui.domain.common.text import clean

__all__ = ["reading_step"]


def reading_step(registry: str, why: str) -> str:
    """What lets the content of a registry be read, by the sentence that says why it cannot be."""
    name = clean(registry, 200)
    if not name:
        return "Write the name of the image so that it names a registry: trustree doctor says what is read."
    if f"not to ask {name}" in why:
        return f"Set ask = true in the settings of {name}."
    if "deleted or purged" in why or "not have it any more" in why:
        return "Push it again, or deploy one that is there."
    return f"Make {name} readable: trustree doctor says what is missing."

"""Which of an image's tags is shown."""

from __future__ import annotations

import re

__all__ = ["best_tag", "tag_rank"]

_VERSION = re.compile(r"v?\d+(?:\.\d+)*(?:[-+_].*)?", re.ASCII)


def best_tag(tags: tuple[str, ...]) -> str:
    """The tag to show for an image: the most exact version, else any that is not `latest`, else what there is."""
    if len(tags) < 2:
        return tags[0] if tags else ""
    return min(tags, key=tag_rank, default="")


def tag_rank(tag: str) -> tuple[bool, bool, int, int, str]:
    """How a tag ranks among those of one image; the lowest is shown."""
    return _VERSION.fullmatch(tag) is None, tag == "latest", -tag.count("."), len(tag), tag

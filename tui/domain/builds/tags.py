"""Tags as jobs write them: with parts that only a run fills in."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["is_open", "tag_matches"]

MOST_PARTS = 4
"""Parts that a run fills in, in one tag: each more takes longer to match."""

# `{{.Run.ID}}` of ACR Tasks, `${{ github.sha }}` of GitHub Actions, `$(Build.BuildId)` of Azure Pipelines, `${BUILD_NUMBER}` and
# `$BUILD_NUMBER` of shells and Jenkins, `%BUILD_NUMBER%` of Windows, `$ID` of ACR's aliases.
_VARIABLE = re.compile(r"\$?\{\{[^{}]*\}\}|\$\([^()]*\)|\$\{[^{}]*\}|\$[A-Za-z_][A-Za-z0-9_]*|%[A-Za-z_][A-Za-z0-9_]*%")


def is_open(tag: str) -> bool:
    """Whether a run may push any tag at all: none is written, or a run fills in the whole of it."""
    return not tag or (_is_template(tag) and _regex(tag) is None)


def tag_matches(pattern: str, tag: str) -> bool:
    """Whether a run of a job that writes its tag so may have pushed this tag."""
    return pattern == tag or (
        _is_template(pattern) and (regex := _regex(pattern)) is not None and regex.fullmatch(tag) is not None
    )


@lru_cache(maxsize=4096)
def _is_template(tag: str) -> bool:
    return _VARIABLE.search(tag) is not None


@lru_cache(maxsize=4096)
def _regex(pattern: str) -> re.Pattern[str] | None:
    parts = _VARIABLE.split(pattern)
    if len(parts) > MOST_PARTS + 1 or not any(parts):
        return None
    return re.compile("[A-Za-z0-9_.-]+?".join(re.escape(part) for part in parts))

"""How one value of a query matches one text; both sides in small letters."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable

from tui.domain.query.language import Key

__all__ = ["Matcher", "is_glob", "is_hex", "name_matcher", "text_matcher"]

Matcher = Callable[[str], bool]

LEAST_HEX = 6
# kubectl's short names (`kubectl api-resources`) and plurals.
_KINDS = {
    "deploy": "deployment",
    "deployments": "deployment",
    "sts": "statefulset",
    "statefulsets": "statefulset",
    "ds": "daemonset",
    "daemonsets": "daemonset",
    "rs": "replicaset",
    "replicasets": "replicaset",
    "rc": "replicationcontroller",
    "jobs": "job",
    "cj": "cronjob",
    "cronjobs": "cronjob",
    "po": "pod",
    "pods": "pod",
}
_HEX = re.compile(rf"sha(?:256|384|512):[0-9a-f]{{1,128}}|[0-9a-f]{{{LEAST_HEX},128}}")


def is_hex(word: str) -> bool:
    """Whether a word can be the beginning of a digest."""
    return _HEX.fullmatch(word.lower()) is not None


def text_matcher(value: str) -> Matcher:
    """Whether the text has the value in it; with `*` or `?` the value is a pattern for a part of it."""
    value = value.lower()
    if is_glob(value):
        return _glob(f"*{value}*")
    return lambda text: value in text


def name_matcher(key: Key, value: str) -> Matcher:
    """Whether the text is the value, or matches it as a pattern; a part is enough for a repository without a pattern."""
    value = value.lower()
    if is_glob(value):
        return _glob(value)
    if key is Key.REPO:
        return lambda text: value in text
    if key is Key.KIND:
        value = _KINDS.get(value, value)
    return value.__eq__


def is_glob(value: str) -> bool:
    """Whether a value is a pattern."""
    return "*" in value or "?" in value


def _glob(pattern: str) -> Matcher:
    # `[` is no pattern here: names have none, and a half-typed one must not change the meaning.
    compiled = re.compile(fnmatch.translate(pattern.replace("[", "[[]")))
    return lambda text: compiled.match(text) is not None

"""From which tags of a repository an image may have been built, when nothing says from which.

All that is known of an old build is what names it now. A tag that has moved on since may have named it once: `20` beside
`20.3`, or `latest`. Such a tag is a candidate unless something shows that it never did.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

__all__ = ["TagNow", "candidates", "floats", "is_exact", "newer_minor", "newer_patch"]


class TagNow(msgspec.Struct, frozen=True, gc=False):
    """What is known of one tag: whether it names the build now, and whether it was ever seen to.

    `digest` is what it names now, empty when that cannot be read or the tag is gone. `since` is when it came to name that.
    """

    digest: str = ""
    names: bool = False
    named: bool = False
    since: datetime | None = None


def candidates(tags: Mapping[str, TagNow], pushed: datetime | None) -> tuple[str, ...]:
    """The tags from which an image on a build may have been built; `pushed` is when the build came into the repository.

    Those that name it or were seen to, and those that may have: versions of the same line and variant, and words. Left out is
    what names something else since before the build was there, other versions, and what changes with every build.
    """
    own = [tag for tag, now in tags.items() if now.names or now.named]
    variants = _variants(own)
    by_digest: dict[str, list[str]] = {}
    for tag, now in tags.items():
        by_digest.setdefault(now.digest, []).append(tag)
    shapes = {_shape(tag) for tag in own}
    versions = [version for tag in own if (version := _version(tag)) is not None]
    found = list(own)
    for tag, now in tags.items():
        if now.names or now.named or _was_there_before(now, pushed):
            continue
        if _may_have_named(tag, versions, shapes, variants, by_digest[now.digest] if now.digest else [tag]):
            found.append(tag)
    return tuple(sorted(found))


def _was_there_before(now: TagNow, pushed: datetime | None) -> bool:
    """Whether the tag names something else since before the build was there: then it never named the build."""
    return bool(now.digest) and now.since is not None and pushed is not None and now.since < pushed


def _may_have_named(
    tag: str, versions: list[_Version], shapes: set[str], variants: frozenset[str], beside: Iterable[str]
) -> bool:
    if _HASH.search(tag) or _DATE.fullmatch(tag):
        return False  # such a tag is made for one build
    if _shape(tag) in shapes:
        return False  # another build of the same series
    version = _version(tag)
    if version is not None and versions and not any(_is_of_one_line(version, other) for other in versions):
        return False
    others = _variants([tag, *beside])
    return not variants or not others or not variants.isdisjoint(others)


def _is_of_one_line(version: _Version, other: _Version) -> bool:
    """Whether one is the other, only told more exactly."""
    length = min(len(version[1]), len(other[1]))
    return version[1][:length] == other[1][:length]


def _variants(tags: Iterable[str]) -> frozenset[str]:
    """What tags with a version say behind it, without numbers: `alpine` of `20.3-alpine3.19`, empty text for the plain one."""
    return frozenset(_letters(version[0]) for tag in tags if (version := _version(tag)) is not None)


def _letters(suffix: str) -> str:
    """The words of a suffix; parts of digits alone count builds, and are none."""
    parts = (_NUMBERS.sub("", part) for part in re.split(r"[-_+]", suffix) if not _HASH.fullmatch(part))
    return "-".join(part for part in parts if part)


def _shape(tag: str) -> str:
    """The tag with its numbers masked: those of one series are alike."""
    return _DIGITS.sub("#", tag)


def is_exact(tag: str) -> bool:
    """Whether a tag looks like one version or one day, of which there may be newer ones."""
    version = _version(tag)
    return _DATE.fullmatch(tag) is not None or (version is not None and len(version[1]) > 1)


def floats(tag: str, tags: Iterable[str]) -> bool:
    """Whether a tag is no exact version: a word, a whole number, or one with more exact versions beside it (`3.12`, `3.12.1`)."""
    own = _version(tag)
    if own is None or not is_exact(tag):
        return not is_exact(tag)
    return any(other != tag and _is_finer(own, other) for other in tags)


def _is_finer(own: _Version, tag: str) -> bool:
    other = _version(tag)
    if other is None or other[1][: len(own[1])] != own[1]:
        return False
    return (len(other[1]) > len(own[1]) or other[0] != own[0]) and _letters(other[0]) == _letters(own[0])


# ---- versions in tags, after the docker versioning of renovate (lib/modules/versioning/docker)

_VERSION = re.compile(r"(v?)(\d{1,9}(?:\.\d{1,9})*)([-_+].*)?", re.ASCII | re.DOTALL)
_DATE = re.compile(r"(.*?)(?<!\d)(20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?!\d)(.*)", re.ASCII | re.DOTALL)
_HASH = re.compile(r"(?<![0-9a-z])(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}(?![0-9a-z])", re.ASCII)
_NUMBERS = re.compile(r"\d[\d.]*", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)


def newer_patch(tag: str, tags: Iterable[str]) -> str:
    """The newest tag of the same series: same suffix, same components but for a larger last one; dated tags are one series.

    Empty when there is none: tags of fewer than three components float and have no patch; hashes and words are no versions.
    """
    dated = _DATE.fullmatch(tag)
    if dated is not None:
        return _newer_date(tag, tags)
    own = _version(tag)
    if own is None or len(own[1]) < 3:
        return ""
    found = [(version[1][-1], other) for other in tags if (version := _version(other)) and _is_patch(own, version)]
    return max(found, default=(0, ""))[1]


def newer_minor(tag: str, tags: Iterable[str]) -> str:
    """The newest tag with the same suffix, major version and number of components, but a newer minor version; or empty."""
    own = _version(tag)
    if own is None or len(own[1]) < 2 or _DATE.fullmatch(tag):
        return ""
    found = [(version[1], other) for other in tags if (version := _version(other)) and _is_minor(own, version)]
    return max(found, default=((), ""))[1]


_Version = tuple[str, tuple[int, ...]]


def _version(tag: str) -> _Version | None:
    match = _VERSION.fullmatch(tag)
    if match is None:
        return None
    return match[3] or "", tuple(int(part) for part in match[2].split("."))


def _is_patch(own: _Version, other: _Version) -> bool:
    return own[0] == other[0] and len(own[1]) == len(other[1]) and own[1][:-1] == other[1][:-1] and other[1][-1] > own[1][-1]


def _is_minor(own: _Version, other: _Version) -> bool:
    same = own[0] == other[0] and len(own[1]) == len(other[1]) and own[1][0] == other[1][0]
    return same and other[1][1] > own[1][1]


def _newer_date(tag: str, tags: Iterable[str]) -> str:
    own = _DATE.fullmatch(tag)
    if own is None:
        return ""
    series = (own[1], own[3])
    found = [(match[2], other) for other in tags if (match := _DATE.fullmatch(other)) and (match[1], match[3]) == series]
    newest = max(found, default=("", ""))
    return newest[1] if newest[0] > own[2] else ""

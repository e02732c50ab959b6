"""From which tags of a repository an image may have been built, when nothing says from which.

All that is known of an old build is what names it now. A tag that has moved on since may have named it once: `20` beside
`20.3`, or `latest`. Such a tag is a candidate unless something shows that it never did.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache

import msgspec

__all__ = ["TagNow", "candidates", "floats", "is_exact", "never_moves", "newer_minor", "newer_patch"]


class TagNow(msgspec.Struct, frozen=True, gc=False):
    """What is known of one tag: whether it names the build now, and whether it was ever seen to.

    `digest` is what it names now, empty when that cannot be read or the tag is gone. `since` is when it came to name that.
    """

    digest: str = ""
    names: bool = False
    once_named: bool = False
    since: datetime | None = None


def candidates(tags: Mapping[str, TagNow], pushed: datetime | None) -> tuple[str, ...]:
    """The tags from which an image on a build may have been built; `pushed` is when the build came into the repository.

    Those that name it or were seen to, and those that may have: versions of the same line and variant, and words. Left out is
    what names something else since before the build was there, other versions, and what changes with every build.
    """
    own = [tag for tag, now in tags.items() if now.names or now.once_named]
    variants = _variants(own)
    by_digest: dict[str, list[str]] = {}
    for tag, now in tags.items():
        by_digest.setdefault(now.digest, []).append(tag)
    shapes = {_shape(tag) for tag in own}
    versions = [version for tag in own if (version := _version(tag)) is not None]
    chosen = list(own)
    for tag, now in tags.items():
        if now.names or now.once_named or _was_there_before(now, pushed):
            continue
        if _may_have_named(tag, versions, shapes, variants, by_digest[now.digest] if now.digest else [tag]):
            chosen.append(tag)
    return tuple(sorted(chosen))


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
    lettered = _BUILD.sub("", suffix)
    parts = (_NUMBERS.sub("", part) for part in re.split(r"[-_+.]", lettered) if not _HASH.fullmatch(part))
    return "-".join(part for part in parts if part)


def _shape(tag: str) -> str:
    """The tag with its numbers masked: those of one series are alike."""
    return _DIGITS.sub("#", tag)


@lru_cache(maxsize=4096)
def is_exact(tag: str) -> bool:
    """Whether a tag looks like one version, one day or one numbered build, of which there may be newer ones."""
    version = _version(tag)
    return _DATE.fullmatch(tag) is not None or (version is not None and len(version[1]) > 1) or bool(_release(tag)[2])


def floats(tag: str, tags: Iterable[str]) -> bool:
    """Whether a tag is no exact version: a word, a whole number, or one with more exact versions beside it (`3.12`, `3.12.1`)."""
    own = _version(tag)
    if own is None or not is_exact(tag) or _release(tag)[2]:
        return not is_exact(tag)
    return any(other != tag and _is_finer(own, other) for other in tags)


def never_moves(tag: str, tags: Iterable[str]) -> bool:
    """Whether a tag names one build for good: a day, a numbered build, a version of three numbers with no finer one beside it."""
    version = _version(tag)
    is_one_build = _DATE.fullmatch(tag) is not None or bool(_release(tag)[2]) or (version is not None and len(version[1]) > 2)
    return is_one_build and not floats(tag, tags)


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


# numbers of a build: words before a number, or a number alone right behind the version (`9.4-1214`, `17.0.13_11-jre`)
_BUILD_WORDS = "build|bld|b|revision|rev|r|patch|p|release|rel|ci|run|u|hotfix|hf"
_EARLY_WORDS = "rc|beta|alpha|preview|pre|ea|snapshot|m"
_ONE = r"(\d{1,12})(?![0-9A-Za-z]|\.\d)"
_BUILD = re.compile(rf"(?<![0-9A-Za-z])(?:{_BUILD_WORDS})[-_.]?{_ONE}", re.ASCII | re.IGNORECASE)
_COUNTED = re.compile(
    rf"(?<![0-9A-Za-z])((?:{_BUILD_WORDS}|{_EARLY_WORDS})[-_.]?){_ONE}|^([-_+.])(\d{{1,12}}(?:\.\d{{1,12}})*)(?![0-9A-Za-z])",
    re.ASCII | re.IGNORECASE,
)


def newer_patch(tag: str, tags: Iterable[str]) -> str:
    """The newest tag of the same series: a later build or revision, a larger component behind the minor one, a later day.

    Empty when there is none: versions of fewer than three components float and have no patch; hashes and words are no versions.
    """
    dated = _DATE.fullmatch(tag)
    if dated is not None:
        return _newest(tag, tags, _dated, lambda own, other: other > own)
    return _newest(tag, tags, _release, _is_patch)


def newer_minor(tag: str, tags: Iterable[str]) -> str:
    """The newest tag with the same suffix, major version and number of components, but a newer minor version; or empty."""
    return "" if _DATE.fullmatch(tag) else _newest(tag, tags, _release, _is_minor)


_Numbers = tuple[int, ...]
_Version = tuple[str, _Numbers]
_Release = tuple[str, _Numbers, _Numbers]
"""A tag as one of its series: the text without numbers, the version (or the day), and the numbers of the build."""


def _newest(tag: str, tags: Iterable[str], read: Callable[[str], _Release], is_newer: Callable[[_Order, _Order], bool]) -> str:
    series, *own = read(tag)
    releases: list[tuple[_Order, str]] = []
    for other in tags:
        of, version, build = read(other)
        if of == series and is_newer((own[0], own[1]), (version, build)):
            releases.append(((version, build), other))
    return max(releases)[1] if releases else ""


_Order = tuple[_Numbers, _Numbers]


def _version(tag: str) -> _Version | None:
    match = _VERSION.fullmatch(tag)
    if match is None:
        return None
    return match[3] or "", tuple(int(part) for part in match[2].split("."))


def _release(tag: str) -> _Release:
    """A day is no number of a build; without a version the whole tag may still end in one (`build-7`)."""
    if _DATE.fullmatch(tag):
        return tag, (), ()
    version = _version(tag)
    suffix, numbers = version if version is not None else (tag, ())
    text, build = _masked(suffix, alone=version is not None)
    return f"{len(numbers)}{text}", numbers, build


def _dated(tag: str) -> _Release:
    match = _DATE.fullmatch(tag)
    if match is None:
        return f"no day: {tag}", (), ()
    before, first = _masked(match[1], alone=False)
    after, second = _masked(match[3], alone=True)
    return f"{before}#{after}", (int(match[2]),), (*first, *second)


def _masked(text: str, alone: bool) -> tuple[str, _Numbers]:
    """A text without the numbers of builds in it, and those; `alone` where one may begin it without a word."""
    numbers: list[int] = []

    def mask(match: re.Match[str]) -> str:
        if not match[1] and not alone:
            return match[0]
        numbers.extend(int(part) for part in (match[2] or match[4]).split("."))
        return f"{match[1] or match[3]}#"

    return _COUNTED.sub(mask, text), tuple(numbers)


def _is_patch(own: _Order, other: _Order) -> bool:
    if own[0] == other[0]:
        return bool(own[1]) and other[1] > own[1]
    return len(own[0]) > 2 and own[0][:2] == other[0][:2] and other[0] > own[0]


def _is_minor(own: _Order, other: _Order) -> bool:
    return len(own[0]) > 1 and own[0][0] == other[0][0] and other[0][1] > own[0][1]

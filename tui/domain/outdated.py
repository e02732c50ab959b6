"""Whether the base that an image stands on is the newest build of that base.

What counts is the content for the image's own platforms: an index changes whenever another platform or an attestation is
pushed, and that is no reason to rebuild.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from tui.domain.image import Platform
from tui.domain.snapshot import BaseLink, BaseState, ImageKey
from tui.domain.text import clean

__all__ = ["BaseFacts", "BaseVerdict", "Rule", "apply_verdict", "judge", "newer_minor", "newer_patch", "with_bases_behind"]


class Rule(StrEnum):
    """The rule that decided."""

    SAME = "same"
    INDEX_REPUSHED = "base-index-repushed"
    TAG_MOVED = "base-tag-moved"
    NO_TAG_LEFT = "base-untagged"
    TAG_GONE = "base-tag-gone"
    NEWER_PATCH = "newer-patch"
    BASE_BEHIND = "base-behind"
    PLATFORM_GONE = "base-platform-gone"
    NO_TAG_KNOWN = "base-tag-unknown"
    UNREADABLE = "base-unreadable"


class BaseFacts(msgspec.Struct, frozen=True):
    """What is known about one link's base, all of it as facts.

    `digests` are those of the base as built (index, manifests); `built` its config digest per platform of the image that
    stands on it. `tag_digest` is what `link.tag` names now (empty: not known), `tag_digests` all digests of that image,
    `tag_configs` its config digest per platform (None: not read). `tag_gone` says that the registry denies the tag.
    `tags` are all tags of the base's repository and what they name, None unless the list is complete. `unreadable` is the
    sentence that says why the registry cannot answer. `moved` is when the tag came to name what it names now.
    """

    link: BaseLink
    digests: tuple[str, ...] = ()
    built: Mapping[Platform, str] = {}
    tag_digest: str = ""
    tag_digests: tuple[str, ...] = ()
    tag_configs: Mapping[Platform, str] | None = None
    tag_gone: bool = False
    tags: Mapping[str, str] | None = None
    unreadable: str = ""
    moved: datetime | None = None


class BaseVerdict(msgspec.Struct, frozen=True, gc=False):
    """The state of a base with a sentence, a few words for a row (empty when fine), and what would be newer.

    `newest` is the tag (or, when a tag moved, the tag with its digest) of the newer build; `since` is when it came, if known.
    """

    state: BaseState
    rule: Rule
    reason: str
    brief: str = ""
    since: datetime | None = None
    newest: str = ""


def judge(facts: BaseFacts) -> BaseVerdict:
    """Judge one link. A name that cannot be read is unknown, never current."""
    tag = facts.link.tag
    if not tag:
        return _judge_untagged(facts)
    if facts.tag_gone:
        return _newer_version(facts) or _unknown(
            Rule.TAG_GONE, f"The registry has no tag {_name(facts)} any more.", "base tag gone"
        )
    if not facts.tag_digest:
        return _unknown(Rule.UNREADABLE, facts.unreadable or f"What {_name(facts)} names now has not been read.", "base unknown")
    found = _compare(facts)
    return (_newer_version(facts) or found) if found.state is BaseState.CURRENT else found


def apply_verdict(link: BaseLink, verdict: BaseVerdict) -> BaseLink:
    """The link with the verdict written into it."""
    return msgspec.structs.replace(
        link, state=verdict.state, state_reason=verdict.reason, since=verdict.since, newest=verdict.newest
    )


def with_bases_behind(
    links: Mapping[ImageKey, BaseLink], verdicts: Mapping[ImageKey, BaseVerdict]
) -> dict[ImageKey, BaseVerdict]:
    """The verdicts, where an image on a current base that itself stands on an outdated one is outdated too.

    `links` holds the links of images and of unknown bases; both maps are by the image that stands on the base.
    """
    done: dict[ImageKey, BaseVerdict] = {}
    for start in verdicts:
        chain: list[ImageKey] = []
        node: ImageKey | None = start
        while node is not None and node not in done and node in verdicts and node not in chain:
            chain.append(node)
            node = links[node].base if node in links else None
        for key in reversed(chain):
            done[key] = _with_base(links.get(key), verdicts[key], links, done)
    return done


def _with_base(
    link: BaseLink | None, verdict: BaseVerdict, links: Mapping[ImageKey, BaseLink], done: Mapping[ImageKey, BaseVerdict]
) -> BaseVerdict:
    if link is None or verdict.state is not BaseState.CURRENT:
        return verdict
    below = done.get(link.base)
    lower = links.get(link.base)
    if below is None or lower is None or below.state is not BaseState.OUTDATED:
        return verdict
    culprit = below.brief.removeprefix(_ON_THE_OLD) if below.rule is Rule.BASE_BEHIND else _short_name(lower)
    reason = f"{_full_name(link)} is the newest build, but stands on an old base itself: {below.reason}"
    return BaseVerdict(BaseState.OUTDATED, Rule.BASE_BEHIND, reason, f"{_ON_THE_OLD}{culprit}", below.since, below.newest)


_ON_THE_OLD = "on the old "


def _judge_untagged(facts: BaseFacts) -> BaseVerdict:
    """Without a known tag the base is outdated only when every tag that it could have had names something else now."""
    name = _full_name(facts.link)
    if facts.tags is None:
        reason = facts.unreadable or _no_tag_known(facts.link)
        return _unknown(Rule.UNREADABLE if facts.unreadable else Rule.NO_TAG_KNOWN, reason, "base unknown")
    if any(digest in facts.digests for digest in facts.tags.values()):
        return BaseVerdict(BaseState.CURRENT, Rule.SAME, f"A tag of {name} still names this build.")
    if not facts.tags or not facts.digests:
        return _unknown(Rule.NO_TAG_KNOWN, _no_tag_known(facts.link), "base unknown")
    reason = f"No tag of {name} names this build any more: the one it was built from has moved on or was deleted."
    return BaseVerdict(BaseState.OUTDATED, Rule.NO_TAG_LEFT, reason, "base untagged", facts.moved)


def _compare(facts: BaseFacts) -> BaseVerdict:
    name = _name(facts)
    if facts.tag_digest in facts.digests:
        return BaseVerdict(BaseState.CURRENT, Rule.SAME, f"It is built on what {name} names now.")
    if not facts.built:
        return _compare_digests(facts)
    if facts.tag_configs is None:
        reason = facts.unreadable or f"{name} names another digest now; its platforms have not been read."
        return _unknown(Rule.UNREADABLE, reason, "base unknown")
    known = set(facts.tag_configs.values())
    other = {platform: config for platform, config in facts.built.items() if config not in known}
    moved = [platform for platform in other if platform in facts.tag_configs]
    if moved:
        only = f" for {', '.join(sorted(map(str, moved)))}" if len(moved) < len(facts.built) else ""
        return _moved(facts, f"{name} has moved on{only}: it names a newer build than the one this image stands on.")
    missing = sorted(str(platform) for platform in other)
    if missing:
        return _unknown(Rule.PLATFORM_GONE, f"{name} is no longer published for {', '.join(missing)}.", "base platform gone")
    reason = f"{name} was pushed again; its content for this image's platforms is the same."
    return BaseVerdict(BaseState.CURRENT, Rule.INDEX_REPUSHED, reason)


def _compare_digests(facts: BaseFacts) -> BaseVerdict:
    """The base as built cannot be read: all there is to compare is the digest that was claimed."""
    name, built = _name(facts), facts.link.base.digest
    if not built:
        return _unknown(Rule.NO_TAG_KNOWN, f"It says it stands on {name}, but not on which build of it.", "base unknown")
    if built in facts.tag_digests:
        return BaseVerdict(BaseState.CURRENT, Rule.SAME, f"It is built on what {name} names now.")
    if facts.unreadable or not facts.tag_digests:
        reason = facts.unreadable or f"{name} names another digest now; its platforms have not been read."
        return _unknown(Rule.UNREADABLE, reason, "base unknown")
    return _moved(facts, f"{name} names another build now than the one that this image says it stands on.")


def _moved(facts: BaseFacts, reason: str) -> BaseVerdict:
    newest = f"{facts.link.tag}@{facts.tag_digest}"
    return BaseVerdict(BaseState.OUTDATED, Rule.TAG_MOVED, reason, "base moved", facts.moved, newest)


def _newer_version(facts: BaseFacts) -> BaseVerdict | None:
    newer = newer_patch(facts.link.tag, facts.tags or ())
    if not newer:
        return None
    reason = f"{_full_name(facts.link)}:{newer} is a newer patch of {clean(facts.link.tag)}."
    return BaseVerdict(BaseState.OUTDATED, Rule.NEWER_PATCH, reason, f"base {newer} is out", None, newer)


def _unknown(rule: Rule, reason: str, brief: str) -> BaseVerdict:
    return BaseVerdict(BaseState.UNKNOWN, rule, reason, brief)


def _no_tag_known(link: BaseLink) -> str:
    if not link.base.repository:
        return "Its base is in no registry that can be read, so whether there is a newer build is not known."
    return f"From which tag of {_full_name(link)} it was built is not known."


def _full_name(link: BaseLink) -> str:
    base = link.base
    return f"{base.registry}/{base.repository}" if base.repository else "a base that is in no registry that can be read"


def _name(facts: BaseFacts) -> str:
    return f"{_full_name(facts.link)}:{facts.link.tag}"


def _short_name(link: BaseLink) -> str:
    return link.base.repository.rpartition("/")[2] or "base"


# ---- versions in tags, after the docker versioning of renovate (lib/modules/versioning/docker)

_VERSION = re.compile(r"(v?)(\d{1,9}(?:\.\d{1,9})*)(-.*)?", re.ASCII | re.DOTALL)
_DATE = re.compile(r"(.*?)(?<!\d)(20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?!\d)(.*)", re.ASCII | re.DOTALL)


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

"""Whether the base that an image stands on is the newest build of that base.

What counts is the content for the image's own platforms: an index changes whenever another platform or an attestation is
pushed, and that is no reason to rebuild.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from tui.domain.common.text import clean, first_few
from tui.domain.facts.image import Platform
from tui.domain.lineage.base_tags import floats, is_exact, newer_minor, newer_patch
from tui.domain.snapshot.snapshot import BaseLink, BaseState, ImageKey

__all__ = [
    "BaseFacts",
    "BaseVerdict",
    "OutdatedRule",
    "apply_verdict",
    "base_repository",
    "decide",
    "judge",
    "settle",
    "unknown",
]


class OutdatedRule(StrEnum):
    """The rule that decided."""

    SAME = "same"
    INDEX_REPUSHED = "base-index-repushed"
    TAG_MOVED = "base-tag-moved"
    NO_TAG_LEFT = "base-untagged"
    TAG_GONE = "base-tag-gone"
    NEWER_PATCH = "newer-patch"
    NEWER_MINOR = "newer-minor"
    SEVERAL_TAGS = "base-tag-unclear"
    NOT_WHOLE = "base-not-whole"
    NOT_SHOWN = "base-not-shown"
    SEVERAL_NAMES = "base-name-unclear"
    BETWEEN = "base-not-nearest"
    BASE_BEHIND = "base-behind"
    PLATFORM_GONE = "base-platform-gone"
    NO_TAG_KNOWN = "base-tag-unknown"
    UNREADABLE = "base-unreadable"


class BaseFacts(msgspec.Struct, frozen=True):
    """What is known about one link's base and one tag that the image may have been built from, all of it as facts.

    `digests` are those of the base as built (index, manifests); `built` its config digest per platform of the image that
    stands on it. `tag_digest` is what `tag` names now (empty: not known), `tag_digests` all digests of that image,
    `tag_configs` its config digest per platform (None: not read). `tag_gone` says that the registry denies the tag.
    `tags` are all tags of the base's repository, None unless the list is complete; `unlisted` then says why, where it could be.
    `unreadable` is the sentence that says why the registry cannot answer. `moved` is when the tag came to name what it names
    now, `moves` whether it ever named something else.
    """

    link: BaseLink
    tag: str = ""
    digests: tuple[str, ...] = ()
    built: Mapping[Platform, str] = {}
    tag_digest: str = ""
    tag_digests: tuple[str, ...] = ()
    tag_configs: Mapping[Platform, str] | None = None
    tag_gone: bool = False
    tags: Iterable[str] | None = None
    unlisted: str = ""
    unreadable: str = ""
    moved: datetime | None = None
    moves: bool = False


class BaseVerdict(msgspec.Struct, frozen=True, gc=False):
    """The state of a base with a sentence, a few words for a row (empty when fine), and what would be newer.

    `newest` is the tag (or, when a tag moved, the tag with its digest) of the newer build; `since` is when it came, if known.
    `step` is what mends it. `mild` is never more than a warning: the version that it was built from has not moved.
    """

    state: BaseState
    rule: OutdatedRule
    reason: str
    brief: str = ""
    since: datetime | None = None
    newest: str = ""
    step: str = ""
    mild: bool = False


def judge(facts: BaseFacts) -> BaseVerdict:
    """Judge one link by one tag. A name that cannot be read is unknown, never current."""
    if facts.tag_gone:
        return _newer_version(facts) or unknown(
            OutdatedRule.TAG_GONE, f"The registry has no tag {_name(facts)} any more.", "base tag gone"
        )
    if not facts.tag_digest:
        return unknown(
            OutdatedRule.UNREADABLE, facts.unreadable or f"What {_name(facts)} names now has not been read.", "base unknown"
        )
    verdict = _compare(facts)
    return _with_versions(facts, verdict) if verdict.state is BaseState.CURRENT else verdict


def decide(link: BaseLink, verdicts: Mapping[str, BaseVerdict], claimed: bool) -> BaseVerdict:
    """One verdict out of those by each tag that the image may have been built from; `claimed` when something names them.

    Where they differ it is unknown, and all are named: what still names an old build proves nothing.
    """
    if not verdicts:
        return unknown(OutdatedRule.NO_TAG_KNOWN, _no_tag_known(link), "base unknown")
    states = {verdict.state for verdict in verdicts.values()}
    if len(states) > 1:
        return _undecided(link, verdicts, claimed)
    if states == {BaseState.OUTDATED} and not claimed:
        return _outdated_by_all(link, verdicts)
    return verdicts[link.tag] if link.tag in verdicts else verdicts[min(verdicts)]


_SHOWN = 3


def _outdated_by_all(link: BaseLink, verdicts: Mapping[str, BaseVerdict]) -> BaseVerdict:
    """Outdated whichever it was; of what each tag alone would mean the mildest."""
    mild = {tag: verdict for tag, verdict in verdicts.items() if verdict.rule is not OutdatedRule.TAG_MOVED}
    if not mild:
        name = base_repository(link.base)
        reason = f"No tag of {name} names this build any more: the one it was built from has moved on or was deleted."
        return BaseVerdict(BaseState.OUTDATED, OutdatedRule.NO_TAG_LEFT, reason, "base untagged")
    chosen = mild[link.tag] if link.tag in mild else mild[min(mild)]
    if len(verdicts) == len(mild):
        return chosen
    moved = min(tag for tag in verdicts if tag not in mild)
    reason = f"{chosen.reason} {clean(moved, 60)} has moved on as well."
    return msgspec.structs.replace(chosen, reason=reason, newest=verdicts[moved].newest)


def _undecided(link: BaseLink, verdicts: Mapping[str, BaseVerdict], claimed: bool) -> BaseVerdict:
    groups = _by_words(verdicts)
    opinions = "; ".join(f"{first_few(tags, _SHOWN)}: {words}" for words, tags in groups.items())
    start = f"It is said to be built from several tags of {base_repository(link.base)}" if claimed else _no_tag_known(link)[:-1]
    newer = [verdict for _, verdict in sorted(verdicts.items()) if verdict.state is BaseState.OUTDATED]
    brief = f"base {' or '.join([tags[0] for tags in groups.values()][:2])}" if newer else "base unknown"
    newest, since = (newer[0].newest, newer[0].since) if newer else ("", None)
    return BaseVerdict(BaseState.UNKNOWN, OutdatedRule.SEVERAL_TAGS, f"{start} ({opinions}).", brief, since, newest)


def _by_words(verdicts: Mapping[str, BaseVerdict]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for tag, verdict in sorted(verdicts.items()):
        groups.setdefault(_words(verdict), []).append(clean(tag, 60))
    return groups


def _words(verdict: BaseVerdict) -> str:
    match verdict.rule:
        case OutdatedRule.NEWER_PATCH | OutdatedRule.NEWER_MINOR:
            return f"there is a newer version, {clean(verdict.newest, 60)}"
        case OutdatedRule.TAG_MOVED:
            return "another build now"
        case OutdatedRule.TAG_GONE:
            return "gone"
        case _:
            return "still this build" if verdict.state is BaseState.CURRENT else "not known"


def apply_verdict(link: BaseLink, verdict: BaseVerdict) -> BaseLink:
    """The link with the verdict written into it."""
    return msgspec.structs.replace(
        link, state=verdict.state, state_reason=verdict.reason, since=verdict.since, newest=verdict.newest
    )


def settle(
    stale: Collection[ImageKey],
    links: Mapping[ImageKey, BaseLink],
    verdicts: Mapping[ImageKey, BaseVerdict],
    derived: Mapping[ImageKey, tuple[ImageKey, ...]],
    judged: dict[ImageKey, BaseVerdict],
) -> set[ImageKey]:
    """Bring verdicts up to date where `stale` says so, and on all that stands on what became another; what did.

    An image on a current base that itself stands on an outdated one is outdated too. `links` holds the links of images and of
    unknown bases, `derived` what stands on each; all but that are by the image that stands on the base.
    """
    others: set[ImageKey] = set()
    while stale:
        before = {key: judged.pop(key, None) for key in stale}
        for key in before:
            if key in verdicts:
                _settle(key, links, verdicts, judged)
        changed = {key for key, verdict in before.items() if judged.get(key) != verdict}
        others |= changed
        stale = {child for key in changed for child in derived.get(key, ()) if child in verdicts}
    return others


def _settle(
    start: ImageKey,
    links: Mapping[ImageKey, BaseLink],
    verdicts: Mapping[ImageKey, BaseVerdict],
    judged: dict[ImageKey, BaseVerdict],
) -> None:
    """Judge one with what it stands on, the lowest first."""
    chain: list[ImageKey] = []
    node: ImageKey | None = start
    while node is not None and node not in judged and node in verdicts and node not in chain:
        chain.append(node)
        node = links[node].base if node in links else None
    for key in reversed(chain):
        judged[key] = _with_base(links.get(key), verdicts[key], links, judged)


def _with_base(
    link: BaseLink | None, verdict: BaseVerdict, links: Mapping[ImageKey, BaseLink], verdicts: Mapping[ImageKey, BaseVerdict]
) -> BaseVerdict:
    if link is None or verdict.state is not BaseState.CURRENT:
        return verdict
    below = verdicts.get(link.base)
    lower = links.get(link.base)
    if below is None or lower is None or below.state is not BaseState.OUTDATED:
        return verdict
    culprit = below.brief.removeprefix(_ON_THE_OLD) if below.rule is OutdatedRule.BASE_BEHIND else _short_name(lower)
    reason = f"{base_repository(link.base)} is the newest build, but is built on an old base itself: {below.reason}"
    return BaseVerdict(
        BaseState.OUTDATED,
        OutdatedRule.BASE_BEHIND,
        reason,
        f"{_ON_THE_OLD}{culprit}",
        below.since,
        below.newest,
        mild=below.mild,
    )


_ON_THE_OLD = "on the old "


def _compare(facts: BaseFacts) -> BaseVerdict:
    name = _name(facts)
    if facts.tag_digest == facts.link.base.digest:
        return BaseVerdict(BaseState.CURRENT, OutdatedRule.SAME, f"It is built on what {name} names now.")
    if not facts.built:
        return _compare_digests(facts)
    if facts.tag_configs is None:
        reason = facts.unreadable or f"{name} names another digest now; its platforms have not been read."
        return unknown(OutdatedRule.UNREADABLE, reason, "base unknown")
    current = set(facts.tag_configs.values())
    other = {platform: config for platform, config in facts.built.items() if config not in current}
    moved = [platform for platform in other if platform in facts.tag_configs]
    if moved:
        only = f" for {', '.join(sorted(map(str, moved)))}" if len(moved) < len(facts.built) else ""
        return _moved(facts, f"{name} has moved on{only}: it names a newer build than the one this image is built on.")
    missing = sorted(str(platform) for platform in other)
    if missing:
        return unknown(
            OutdatedRule.PLATFORM_GONE, f"{name} is no longer published for {', '.join(missing)}.", "base platform gone"
        )
    reason = f"{name} was pushed again; its content for this image's platforms is the same."
    return BaseVerdict(BaseState.CURRENT, OutdatedRule.INDEX_REPUSHED, reason)


def _compare_digests(facts: BaseFacts) -> BaseVerdict:
    """The base as built cannot be read: all there is to compare is the digest that was claimed."""
    name, built = _name(facts), facts.link.base.digest
    if not built:
        return unknown(OutdatedRule.NO_TAG_KNOWN, f"It says it is built on {name}, but not on which build of it.", "base unknown")
    if built in facts.tag_digests:
        return BaseVerdict(BaseState.CURRENT, OutdatedRule.SAME, f"It is built on what {name} names now.")
    if facts.unreadable or not facts.tag_digests:
        reason = facts.unreadable or f"{name} names another digest now; its platforms have not been read."
        return unknown(OutdatedRule.UNREADABLE, reason, "base unknown")
    return _moved(facts, f"{name} names another build now than the one that this image says it is built on.")


def _moved(facts: BaseFacts, reason: str) -> BaseVerdict:
    newest = f"{facts.tag}@{facts.tag_digest}"
    return BaseVerdict(BaseState.OUTDATED, OutdatedRule.TAG_MOVED, reason, "base moved", facts.moved, newest)


def _newer_version(facts: BaseFacts) -> BaseVerdict | None:
    newer = newer_patch(facts.tag, facts.tags or ())
    if newer:
        reason = f"{base_repository(facts.link.base)}:{newer} is a newer patch of {clean(facts.tag)}."
        return BaseVerdict(BaseState.OUTDATED, OutdatedRule.NEWER_PATCH, reason, f"newer base {newer}", None, newer)
    return None


def _with_versions(facts: BaseFacts, current: BaseVerdict) -> BaseVerdict:
    """A tag that still names the build, with what versions there are besides: an exact version does not move by itself."""
    if facts.tags is None:
        if facts.unlisted and is_exact(facts.tag):
            reason = f"Whether there is a newer version than {_name(facts)} is not known: {facts.unlisted}"
            return unknown(OutdatedRule.UNREADABLE, reason, "base versions unknown")
        return _not_looked_for(current) if is_exact(facts.tag) else current
    patch = _newer_version(facts)
    newer = newer_minor(facts.tag, facts.tags)
    if patch is not None or not newer:
        return patch or current
    if facts.moves or floats(facts.tag, facts.tags) or facts.tag.count(".") > 1:
        return msgspec.structs.replace(current, reason=f"{current.reason} {newer} is a newer minor version.")
    reason = f"{base_repository(facts.link.base)}:{newer} is a newer minor version of {clean(facts.tag)}."
    return BaseVerdict(BaseState.OUTDATED, OutdatedRule.NEWER_MINOR, reason, f"newer base {newer}", None, newer, mild=True)


def _not_looked_for(current: BaseVerdict) -> BaseVerdict:
    reason = f"{current.reason} Newer versions have not been looked for: nobody listed the tags there."
    return msgspec.structs.replace(current, reason=reason)


def unknown(rule: OutdatedRule, reason: str, brief: str) -> BaseVerdict:
    """A base of which it is not known whether it is the newest."""
    return BaseVerdict(BaseState.UNKNOWN, rule, reason, brief)


def _no_tag_known(link: BaseLink) -> str:
    if not link.base.repository:
        return "Its base is in no registry that can be read, so whether there is a newer build is not known."
    return f"From which tag of {base_repository(link.base)} it was built is not known."


def base_repository(base: ImageKey) -> str:
    """The repository of a base in words."""
    return str(base.name) if base.repository else "a base that is in no registry that can be read"


def _name(facts: BaseFacts) -> str:
    return f"{base_repository(facts.link.base)}:{facts.tag}"


def _short_name(link: BaseLink) -> str:
    return link.base.repository.rpartition("/")[2] or "base"

"""Whether each base is the newest build of itself, by every tag that the image may have been built from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import NamedTuple

import msgspec

from tui.domain.common.memo import Address, Noted, Rows, Shared, Trace, with_more
from tui.domain.common.text import full_stop
from tui.domain.facts.facts import ImageFacts
from tui.domain.facts.image import Platform, RepositoryName
from tui.domain.facts.reference import is_digest
from tui.domain.lineage.base_steps import with_step
from tui.domain.lineage.base_tags import TagNow, candidates
from tui.domain.lineage.genealogy import whole_registries
from tui.domain.lineage.graph import Lineage
from tui.domain.lineage.outdated import (
    BaseFacts,
    BaseVerdict,
    OutdatedRule,
    apply_verdict,
    decide,
    judge,
    settle,
    unknown,
)
from tui.domain.registries.catalog import Catalog
from tui.domain.registries.presence import Registries, is_attached_tag
from tui.domain.snapshot.snapshot import BaseLink, BaseState, Basis, Confidence, ImageKey

__all__ = ["Bases", "BasesJoin", "newest_build"]

_SPARE = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Bases:
    """What is judged of bases: the links with their state, the verdicts, and when the tag of each image's base was read."""

    links: Mapping[ImageKey, BaseLink] = field(default_factory=dict)
    verdicts: Mapping[ImageKey, BaseVerdict] = field(default_factory=dict)
    read: Mapping[ImageKey, datetime | None] = field(default_factory=dict)


Built = tuple[tuple[Platform, str], ...]
"""The config of a base for each platform of an image."""


class _Base:
    """One link with all that its verdict follows from but what registries say."""

    def __init__(self, link: BaseLink, digests: tuple[str, ...], built: Built) -> None:
        self.link, self.digests, self.built = link, digests, dict(built)
        self.name = link.base.name


class _Standing(NamedTuple):
    """What a verdict by name follows from besides what registries say: base, tags from which it is said to be, tag, contents."""

    base: ImageKey
    claimed: tuple[str, ...] | None
    tag: str
    built: Built


_Step = tuple[ImageKey, str, BaseVerdict]
"""What a verdict with the step that helps follows from: base, tag, and the verdict alone."""


class _Judged(msgspec.Struct, frozen=True, gc=False):
    """A link with its state, the verdict, and when the tag of the base was read."""

    link: BaseLink
    verdict: BaseVerdict
    read: datetime | None


class BasesJoin:
    """Keeps what is judged of bases, round after round: what follows from nothing that changed is not judged again.

    Many images stand on one build of one base: that is judged once. What it gives out is the same, brought up to date.
    """

    def __init__(self, trace: Trace, catalog: Catalog, lineage: Lineage) -> None:
        self._trace = trace
        self._catalog = catalog
        self._lineage = lineage
        self._registries = Registries(ImageFacts(), trace=trace)
        self._whole: frozenset[str] = frozenset()
        self._around: object = None
        self._configs: Rows[str, dict[Platform, str] | None] = Rows(trace, self._read_configs)
        self._named: Rows[_Standing, BaseVerdict] = Rows(trace, self._judge_standing)
        self._alone: Rows[ImageKey, BaseVerdict] = Rows(trace, self._judge_alone)
        # Tens of thousands of images follow from a few of these: one object each stands for all that are equal.
        self._standings: dict[_Standing, _Standing] = {}
        self._stands: dict[_Step, _Step] = {}
        self._links: dict[ImageKey, BaseLink] = {}
        self._done: dict[ImageKey, BaseVerdict] = {}
        self._steps: Rows[_Step, BaseVerdict] = Rows(trace, self._with_step)
        self._judged: Rows[ImageKey, _Judged] = Rows(trace, self._judge_whole)
        self._alike: Shared[_Judged] = Shared()
        self._tables: tuple[dict[ImageKey, BaseLink], dict[ImageKey, BaseVerdict], dict[ImageKey, datetime | None]] = ({}, {}, {})
        self._parents, self._doubts = Noted(trace, lineage.parents), Noted(trace, lineage.doubts)
        self.bases = Bases(*self._tables)

    def join(self, registries: Registries, changed: Set[Address]) -> Set[Address]:
        """Bring the verdicts up to date; the keys of images and bases of which another is given now."""
        self._registries = registries
        self._whole = whole_registries(registries.facts)
        around = self._whole, registries.lost, registries.unsurveyed, registries.facts.catalogs.keys()
        if around != self._around:
            self._around = around
            changed = with_more(changed, {*self._named.values, *self._alone.values})
        keys = {address for address in changed if isinstance(address, ImageKey)}
        present = {key for key in keys if self._take(key)}
        changed = with_more(changed, self._configs.refresh(changed))
        changed = with_more(changed, self._named.refresh(changed))
        changed = with_more(changed, self._alone.refresh(changed, present, keys - present))
        stale = self._stale(changed)
        changed = with_more(changed, settle(stale, self._links, self._alone.values, self._lineage.derived, self._done))
        changed = with_more(changed, self._steps.refresh(changed))
        others = self._judged.refresh(changed, present, keys - present)
        self._give(others)
        self._tidy()
        return others

    def _take(self, key: ImageKey) -> bool:
        """Take in the link of an image or a base. Says whether there is one."""
        base = self._lineage.bases.get(key)
        link = base.base if base is not None and base.base is not None else self._lineage.links.get(key)
        if link is None:
            self._links.pop(key, None)
            return False
        self._links[key] = link
        return True

    def _stale(self, changed: Iterable[Address]) -> set[ImageKey]:
        return {
            address for address in changed if isinstance(address, ImageKey) and (address in self._links or address in self._done)
        }

    def _give(self, keys: Iterable[ImageKey]) -> None:
        links, verdicts, read = self._tables
        for key in keys:
            judged = self._judged.values.get(key)
            for table in self._tables:
                table.pop(key, None)
            if judged is not None:
                links[key], verdicts[key] = judged.link, judged.verdict
                if key in self._lineage.links:
                    read[key] = judged.read

    def _tidy(self) -> None:
        """Forget verdicts that nothing follows from any more, once they are the greater part."""
        if len(self._named.values) + len(self._steps.values) > _SPARE + 4 * len(self._judged.values):
            self._named.keep(self._alone.is_read)
            self._steps.keep(self._judged.is_read)
            self._standings = {key: key for key in self._named.values}
            self._stands = {key: key for key in self._steps.values}

    # ---- rows

    def _judge_whole(self, key: ImageKey) -> _Judged:
        link = self._links[key]
        step = (link.base, link.tag, self._done[key])
        verdict = self._steps.get(self._stands.setdefault(step, step))
        name = link.base.name
        read = self._registries.tag(name, link.tag).answered_at if name.repository and link.tag else None
        return self._alike.one(_Judged(apply_verdict(link, verdict), verdict, read))

    def _with_step(self, standing: _Step) -> BaseVerdict:
        base, tag, verdict = standing
        links, verdicts = Noted(self._trace, self._links), Noted(self._trace, self._done)
        newest = partial(newest_build, self._catalog, self._registries)
        return with_step(_link(base, tag), verdict, links.get, verdicts.get, newest)

    def _judge_alone(self, key: ImageKey) -> BaseVerdict:
        """The verdict on one link: what stands for some platforms only is not known of the image."""
        link = self._links[key]
        claimed = self._lineage.origins.get(key)
        built = tuple(sorted(self._built(key)))
        verdict = self._by_name(link, claimed, built)
        if verdict.state is not BaseState.CURRENT:
            return verdict
        doubt = self._doubt(key, link)
        if doubt:
            return unknown(OutdatedRule.NOT_SHOWN, doubt, "base not shown")
        if claimed is None:
            verdict = self._with_other_names(key, link, built, verdict)
        gap = self._gap(key, link) if verdict.state is BaseState.CURRENT else ""
        return unknown(OutdatedRule.NOT_WHOLE, f"{verdict.reason} {gap}", "base unknown") if gap else verdict

    def _by_name(self, link: BaseLink, claimed: tuple[str, ...] | None, built: Built) -> BaseVerdict:
        standing = _Standing(link.base, claimed, link.tag, built)
        return self._named.get(self._standings.setdefault(standing, standing))

    def _judge_standing(self, standing: _Standing) -> BaseVerdict:
        self._trace.reads.add(standing.base.name)
        base = _Base(_link(standing.base, standing.tag), self._digests(standing.base), standing.built)
        return self._judge(base, standing.claimed or ())

    def _judge(self, base: _Base, claimed: tuple[str, ...]) -> BaseVerdict:
        link = base.link
        if not base.name.repository:
            return decide(link, {}, claimed=False)
        tags = claimed or self._candidates(base)
        if tags is None:
            return unknown(OutdatedRule.UNREADABLE, self._not_listed(base), "base unknown")
        return decide(link, {tag: judge(self._facts(base, tag)) for tag in tags}, bool(claimed))

    # ---- what is known of the base

    def _built(self, image: ImageKey) -> Iterator[tuple[Platform, str]]:
        """The config of the base for each platform of the image; a base's own when the link goes up from a base."""
        catalogued = self._catalog.image(image)
        for member in catalogued.members if catalogued is not None else ():
            base = self._parents.get(member.config)
            config = self._catalog.contents.config(base) if base is not None else None
            if config is not None:
                yield config.platform, config.digest

    def _digests(self, base: ImageKey) -> tuple[str, ...]:
        catalogued = self._catalog.image(base)
        if catalogued is not None:
            return catalogued.digests
        members = self._catalog.contents.members(base.digest) or ()
        return tuple(dict.fromkeys(filter(None, (base.digest, *(member.manifest for member in members)))))

    def _gap(self, image: ImageKey, link: BaseLink) -> str:
        """Why a base is not that of the whole image: of some platform it is another, or not known; empty when it is."""
        catalogued = self._catalog.image(image)
        base = self._catalog.image(link.base)
        if catalogued is None or len(catalogued.members) < 2:
            return ""
        members = self._catalog.contents.members(link.base.digest) or ()
        configs = base.configs if base is not None else {member.config for member in members}
        parents = {member: self._parents.get(member.config) for member in catalogued.members}
        strays = [member for member, parent in parents.items() if not parent or parent not in configs]
        if not strays or len(strays) == len(parents):  # without any the base is only claimed, and of the whole index
            return ""
        names = ", ".join(sorted(str(member.platform or "a platform that is not known") for member in strays))
        return f"That is not known for {names}: what that is built on is another base, or has not been read."

    def _doubt(self, image: ImageKey, link: BaseLink) -> str:
        """Why nothing proves that an image stands on its base, for any of its platforms; empty where layers do."""
        catalogued = self._catalog.image(image)
        doubts = (self._doubts.get(member.config) for member in (catalogued.members if catalogued is not None else ()))
        doubt = next(filter(None, doubts), "")
        if not doubt or not link.layers or not link.base.repository:
            return doubt
        proven = f"Its layers begin with those of {link.base.name}"
        return f"{proven}{f':{link.tag}' if link.tag else ''}. {doubt}"

    def _with_other_names(self, image: ImageKey, link: BaseLink, built: Built, verdict: BaseVerdict) -> BaseVerdict:
        """A name that was only chosen: another name of the same content may be the one, and its tags may have moved on."""
        own = link.base
        if self._may_be_between(image):
            nearest = f"{own.name} is the nearest base that is known, and nothing names it"
            reason = f"{nearest}: some of the image's own steps are older than others, or shared, as if another base lay between."
            return unknown(OutdatedRule.BETWEEN, reason, "base unknown")
        if own.registry != image.registry and image.registry and not self._is_whole(image.registry):
            reason = f"Nothing names its base, and {image.registry}, which has not been read whole, may hold the same build."
            return unknown(OutdatedRule.SEVERAL_NAMES, reason, "base unknown")
        if image.registry in self._registries.unsurveyed:
            reason = f"Nothing names its base, and the rest of {image.registry}, which has not been read, may hold a nearer one."
            return unknown(OutdatedRule.BETWEEN, reason, "base unknown")
        for other in self._same_content(own, built):
            other_verdict = self._by_name(_link(other, ""), None, built)
            if other_verdict.state is not BaseState.CURRENT:
                first, second = str(own.name), str(other.name)
                reason = (
                    f"Nothing says whether it was built from {first} or from {second}. {verdict.reason} {other_verdict.reason}"
                )
                return unknown(OutdatedRule.SEVERAL_NAMES, reason, "base unknown")
        return verdict

    def _may_be_between(self, image: ImageKey) -> bool:
        catalogued = self._catalog.image(image)
        configs = [member.config for member in catalogued.members] if catalogued is not None else []
        self._trace.reads.update(configs)
        return any(config in self._lineage.between for config in configs)

    def _same_content(self, own: ImageKey, built: Built) -> Iterator[ImageKey]:
        """One image of each other repository that holds what the image was built on."""
        repositories = {own.name}
        for _, config in built:
            for key in self._catalog.of_config(config):
                if key.name not in repositories:
                    repositories.add(key.name)
                    yield key

    def _is_whole(self, registry: str) -> bool:
        return registry in self._whole and registry not in self._registries.lost

    # ---- by its tags

    def _candidates(self, base: _Base) -> tuple[str, ...] | None:
        """The tags that the image may have been built from; None when they are not all known."""
        facts = self._registries.facts
        if base.name not in facts.tag_lists or base.name.registry in self._registries.lost:
            return None
        read = ((tag, self._tag_now(base, tag)) for tag in facts.tags.get(base.name, {}) if not is_attached_tag(tag))
        present = {tag: now for tag, now in read if now is not None}
        row = self._registries.rows(base.name).get(base.link.base.digest)
        return candidates(present, row.pushed if row is not None else None)

    def _tag_now(self, base: _Base, tag: str) -> TagNow | None:
        """None for a tag that is gone and was never seen to name the build."""
        word, record = self._registries.tag(base.name, tag), self._registries.facts.tags[base.name][tag]
        named_it = not record.spans.keys().isdisjoint(base.digests)
        if not word.there:
            return None if word.gone and not named_it else TagNow(once_named=named_it)
        names = word.digest == base.link.base.digest or self._is_same(base, word.digest)
        return TagNow(word.digest, names, named_it, self._registries.moved(base.name, tag))

    def _is_same(self, base: _Base, digest: str) -> bool:
        """Whether a digest has the base's content for every platform of the image."""
        configs = self._configs_of(digest) if base.built else None
        return configs is not None and set(base.built.values()) <= set(configs.values())

    def _facts(self, base: _Base, tag: str) -> BaseFacts:
        name, facts = base.name, self._registries.facts
        word = self._registries.tag(name, tag)
        record = facts.tags.get(name, {}).get(tag)
        row = record.row if record is not None else None
        members = self._catalog.contents.members(word.digest) if word.there else None
        return BaseFacts(
            base.link,
            tag,
            base.digests,
            base.built,
            tag_digest=word.digest if word.there else "",
            tag_digests=(word.digest, *(member.manifest for member in members)) if members is not None else (),
            tag_configs=self._configs_of(word.digest) if word.there else None,
            tag_gone=word.gone,
            tags=self._registries.tags(name),
            unlisted=self._unlisted(name),
            unreadable=f"Whether {name}:{tag} has a newer build is not known: {word.reason}" if word.reason else "",
            moved=self._registries.moved(name, tag),
            moves=record is not None and (len(record.spans) > 1 or _was_moved(row.created, row.updated) if row else False),
        )

    def _configs_of(self, digest: str) -> dict[Platform, str] | None:
        """The config per platform; None unless every platform was read."""
        return self._configs.get(digest)

    def _read_configs(self, digest: str) -> dict[Platform, str] | None:
        members = self._catalog.contents.members(digest)
        if not members or not all(member.config and member.platform for member in members):
            return None
        configs = {member.config: self._catalog.contents.config(member.config) for member in members}
        read = ((config.platform if (config := configs[member.config]) else member.platform, member.config) for member in members)
        return {platform: config for platform, config in read if platform is not None}

    # ---- why not

    def _unlisted(self, name: RepositoryName) -> str:
        """Why the tags of a repository are not known whole although its registry is being read; empty where it is not."""
        facts = self._registries.facts
        if name in facts.tag_lists and name.registry not in self._registries.lost:
            return ""
        partly = any(record.row is not None for record in facts.tags.get(name, {}).values())
        return f"the tags of {name} have not all been listed." if partly or name.registry in facts.catalogs else ""

    def _not_listed(self, base: _Base) -> str:
        why = self._registries.lost.get(base.name.registry) or f"the tags of {base.name} have not all been listed."
        failures = self._registries.facts.failed.get(base.name, {})
        refused = sorted(
            reference
            for reference in failures
            if not is_digest(reference) and not self._registries.tag(base.name, reference).there
        )
        if refused:
            why = f"whether there is a newer build is unknown: {full_stop(failures[refused[0]].reason)}"
        return f"Nothing says from which tag of {base.name} it was built, and {why[0].lower()}{why[1:]}"


def _was_moved(created: datetime | None, updated: datetime | None) -> bool:
    return created is not None and updated is not None and updated > created


def newest_build(catalog: Catalog, registries: Registries, link: BaseLink, verdict: BaseVerdict) -> ImageKey | None:
    """The image that is the newest build of a base: what its tag names now, or the newer version of it; None when not known."""
    name = link.base.name
    tag, _, digest = verdict.newest.partition("@")
    digest = digest or (registries.tag(name, tag).digest if tag else "")
    return next(iter(catalog.holding(name, digest)), None) if digest else None


def _link(base: ImageKey, tag: str) -> BaseLink:
    """A link to a base by a tag, whatever proves it."""
    return BaseLink(base, Basis.LAYERS, Confidence.LIKELY, tag)

"""Whether what runs is what its name says: one way of running, judged by content.

The rule: relate the running digest and the name to the platform configs that they mean on the node, then compare these. An
index changes whenever another platform or an attestation is pushed, a copy has another manifest, a node reports any of the
names it has for a content: none of that is drift. Sources: kubelet and CRI on `imageID` (containerd reports the first
repository digest of the config, CRI-O and docker also bare config digests); the *name* comes from the spec alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from datetime import datetime

import msgspec

from tui.domain.common.memo import Address, Rows, Trace
from tui.domain.common.text import clean, short
from tui.domain.facts.image import Platform, RepositoryName
from tui.domain.facts.reference import ImageId, ImageIdKind, Reference, parse_image_id, parse_reference
from tui.domain.registries.catalog import Catalog
from tui.domain.registries.presence import Presence, Registries
from tui.domain.snapshot.snapshot import Drift, ImageKey
from tui.domain.workloads.pull_exam import RegistryWord
from tui.errors import InvalidReference

__all__ = ["DriftJudge", "DriftVerdict", "RunVariant"]

_SPARE = 1000
"""Ways of running that are remembered although nothing runs so any more."""


class RunVariant(msgspec.Struct, frozen=True, gc=False):
    """One way in which a container runs: the spec's image, the status's `imageID`, the node's platform (None: not readable)."""

    image: str
    image_id: str = ""
    platform: Platform | None = None


class DriftVerdict(msgspec.Struct, frozen=True, gc=False):
    """What is found about one way of running.

    `content` are the configs that run, None when not known; `runs` and `declared` the images that run and that the name means
    now; `note` is a remark that changes nothing, `altered` says that the registry answered for the name with other bytes. `name`
    is None when the text is no reference. `resolved_at` is when the registry said what the name means, `platform` that of the
    node, or of the one config that runs. `named_digest` is the digest that the name gives of the image that runs, or would run:
    that of an index, or of a platform's manifest. `needs_node` tells that the platform of the node would answer what is not
    known.
    """

    drift: Drift
    reason: str
    name: RepositoryName | None = None
    tag: str = ""
    pin: str = ""
    digest: str = ""
    content: frozenset[str] | None = None
    platform: Platform | None = None
    runs: ImageKey | None = None
    declared: ImageKey | None = None
    note: str = ""
    altered: str = ""
    resolved_at: datetime | None = None
    named_digest: str = ""
    needs_node: bool = False

    @property
    def started(self) -> bool:
        """Whether the node reports an image."""
        return bool(self.digest)


class _Case(msgspec.Struct, frozen=True, gc=False):
    """A started container with all that is looked up for it."""

    reference: Reference
    name: RepositoryName
    running: ImageId
    platform: Platform | None
    content: frozenset[str] | None


class DriftJudge:
    """Judges ways of running against the catalog; equal ones are judged once."""

    def __init__(self, trace: Trace, catalog: Catalog, registries: Registries) -> None:
        self._catalog = catalog
        self._contents = catalog.contents
        self._registries = registries
        self._spare = _SPARE
        self._verdicts: Rows[RunVariant, DriftVerdict] = Rows(trace, self._judge)

    def renew(self, changed: Iterable[Address], used: Callable[[RunVariant], bool]) -> Set[Address]:
        """Judge again what changed; the ways of running that are judged otherwise. What is not `used` may be forgotten."""
        if len(self._verdicts.values) > self._spare:
            self._verdicts.keep(used)
            self._spare = _SPARE + 2 * len(self._verdicts.values)
        return self._verdicts.refresh(changed)

    def find(self, variant: RunVariant) -> DriftVerdict:
        """The finding on one way of running."""
        return self._verdicts.get(variant)

    def word(self, reference: Reference) -> Presence:
        """What the registry says of the name now: of the digest where it is pinned, else of the tag."""
        name = reference.name
        if reference.digest:
            return self._registries.digest(name, reference.digest)
        return self._registries.tag(name, reference.tag)

    def registry_word(self, reference: Reference, platform: Platform | None) -> RegistryWord:
        """What the registry says of all that a pull of the name needs."""
        name, word = reference.name, self.word(reference)
        digest = reference.digest or ("" if word.gone else word.digest)
        return RegistryWord(
            presence=word,
            manifest=self._registries.digest(name, digest) if digest else None,
            has_repository=self._registries.has(name),
            platform=platform,
            fits=self._fits(digest, platform),
        )

    def _fits(self, digest: str, platform: Platform | None) -> bool | None:
        """Whether something of an image is built for a platform; None where that is not known."""
        members = self._contents.members(digest) if digest else None
        if platform is None or not members:
            return None
        built_for = {member.platform and (member.platform.os, member.platform.architecture) for member in members}
        if (platform.os, platform.architecture) in built_for:
            return True
        return None if None in built_for else False

    def _judge(self, variant: RunVariant) -> DriftVerdict:
        try:
            reference = parse_reference(variant.image)
        except InvalidReference as error:
            return DriftVerdict(Drift.UNKNOWN, error.headline)
        name = reference.name
        running = parse_image_id(variant.image_id)
        word = self.word(reference)
        bare = DriftVerdict(
            Drift.UNKNOWN,
            "",
            name=name,
            tag=reference.tag,
            pin=reference.digest,
            declared=self._declared(name, word, reference),
            altered=word.altered or self._registries.altered(name, filter(None, (running.digest, reference.digest, word.digest))),
            resolved_at=word.answered_at,
            named_digest=reference.digest or ("" if word.gone else word.digest),
        )
        if running.kind is ImageIdKind.NONE:
            return msgspec.structs.replace(bare, reason=_not_started(variant))
        content = self._content(running, variant.platform)
        case = _Case(reference, name, running, variant.platform, content)
        drift, reason, note = self._pinned(case) if reference.digest else self._tagged(case, word)
        runs = self._runs(case, bare.declared)
        return msgspec.structs.replace(
            bare,
            drift=drift,
            reason=reason,
            note=note,
            needs_node=drift is Drift.UNKNOWN and self._needs_node(case, reference.digest or word.digest),
            digest=running.digest,
            content=content,
            platform=self._platform(case),
            runs=runs,
            named_digest=self._named(case, bare.named_digest, runs),
        )

    # ---- contents

    def _content(self, running: ImageId, platform: Platform | None) -> frozenset[str] | None:
        if running.kind is ImageIdKind.CONFIG:
            return frozenset((running.digest,))
        return self._contents.on(running.digest, platform)

    def _platform(self, case: _Case) -> Platform | None:
        if case.platform is not None or not case.content or len(case.content) > 1:
            return case.platform
        config = self._contents.config(min(case.content))
        return config.platform if config is not None else None

    def _declared(self, name: RepositoryName, word: Presence, reference: Reference) -> ImageKey | None:
        """The image that the name means now; last meant, when the registry cannot be read."""
        digest = reference.digest or ("" if word.gone else word.digest)
        if not digest:
            return None
        keys = self._catalog.holding(name, digest)
        return keys[0] if keys else ImageKey.of(name, digest)

    def _runs(self, case: _Case, declared: ImageKey | None) -> ImageKey:
        """The image that runs: by digest or content in the repository of the name, then where the node says, then anywhere."""
        catalog, digest, reported = self._catalog, case.running.digest, case.running.name
        same = [key for config in sorted(case.content or ()) for key in catalog.of_config(config)]
        inside = [*catalog.holding(case.name, digest), *(key for key in same if _lies_in(key, case.name))]
        if declared in inside:
            return declared
        outside = catalog.holding(reported, digest) if reported is not None else ()
        where = reported or case.name
        return next(iter((*inside, *outside, *same)), ImageKey.of(where, digest))

    def _named(self, case: _Case, declared: str, runs: ImageKey) -> str:
        """The digest that the name gives of what runs: what it means now, what the node was given for it, the image's own."""
        image = self._catalog.image(runs)
        digests = image.digests if image is not None else ()
        return next((digest for digest in (declared, case.running.digest) if digest in digests), runs.digest)

    # ---- verdicts: drift, reason, note

    def _pinned(self, case: _Case) -> tuple[Drift, str, str]:
        pin, running = case.reference.digest, case.running.digest
        expected = self._contents.on(pin, case.platform)
        if running != pin and not _same(case.content, expected) and not self._is_platform_of(case, pin):
            if _differ(case.content, expected):
                return Drift.MOVED, f"It is pinned to {short(pin)}, but the node reports other content: {short(running)}.", ""
            return Drift.UNKNOWN, self._unreadable(case, pin, f"Pinned to {short(pin)}, it is reported as {short(running)}"), ""
        word = self._registries.digest(case.name, pin)
        if word.gone:
            return Drift.GONE, f"It runs the digest it is pinned to, but {case.name} does not have {short(pin)} any more.", ""
        return Drift.SAME, f"It is pinned to {short(pin)} and runs it.", self._tag_beside_pin(case)

    def _tag_beside_pin(self, case: _Case) -> str:
        """A remark when the tag written beside the pin names other content by now: it decides nothing."""
        tag = case.reference.tag
        if not tag:
            return ""
        word = self._registries.tag(case.name, tag)
        if word.gone:
            return f"The tag {clean(tag)} beside the pin is not there any more."
        now = self._contents.on(word.digest, case.platform) if word.there else None
        if word.there and word.digest != case.reference.digest and _differ(case.content, now):
            return f"The tag {clean(tag)} beside the pin names another image by now: {short(word.digest)}."
        return ""

    def _tagged(self, case: _Case, word: Presence) -> tuple[Drift, str, str]:
        name = f"{case.name}:{case.reference.tag}"
        if word.gone:
            return Drift.GONE, self._tag_gone(case, word), ""
        if not word.there:
            return Drift.UNKNOWN, f"What {name} names now is not known: {word.reason}", ""
        if case.running.digest == word.digest:
            if self._registries.digest(case.name, word.digest).gone:
                return Drift.GONE, f"{name} still names {short(word.digest)}, but {case.name} does not have it any more.", ""
            return Drift.SAME, f"{name} names what runs: {short(word.digest)}.", ""
        now = self._contents.on(word.digest, case.platform)
        if self._is_platform_of(case, word.digest):
            return Drift.SAME, f"{name} names an index of which what runs is a platform: {short(case.running.digest)}.", ""
        if _same(case.content, now):
            on = f" for {case.platform}" if case.platform is not None else ""
            reported = f"The node reports it as {short(case.running.digest)}"
            return Drift.SAME, f"{name} names the same content{on}: {short(word.digest)}. {reported}.", ""
        return self._other(case, word, now)

    def _is_platform_of(self, case: _Case, digest: str) -> bool:
        """Whether what runs is certainly one platform of an index, where nobody may read which platform the node has.

        A node runs a platform of an index only if it is its own, so there is no need to know the node.
        """
        if case.platform is not None:
            return False
        members = self._contents.members(digest) or ()
        if any(member.manifest == case.running.digest for member in members):
            return True
        configs = {member.config for member in members if member.config}
        return case.content is not None and bool(case.content) and case.content <= configs

    def _other(self, case: _Case, word: Presence, now: frozenset[str] | None) -> tuple[Drift, str, str]:
        """What runs is not, or not provably, what the tag names."""
        running, names = short(case.running.digest), f"{case.name}:{case.reference.tag} names {short(word.digest)} now"
        if self._purged(case):
            return Drift.GONE, f"What runs, {running}, is not in {case.name} any more: purged or replaced. {names}.", ""
        if now == frozenset() and case.platform is not None:
            return Drift.GONE, f"{names}, which has nothing for {case.platform}: what runs, {running}, could not start again.", ""
        if not _differ(case.content, now):
            unread = case.running.digest if case.content is None else word.digest
            return Drift.UNKNOWN, self._unreadable(case, unread, f"{names}, and {running} runs"), ""
        since = self._registries.moved(case.name, case.reference.tag)
        when = f" since {since:%Y-%m-%d %H:%M} UTC" if since is not None else ""
        return Drift.MOVED, f"{names}{when}; what runs is {running}{self._where(case)}.", ""

    def _tag_gone(self, case: _Case, word: Presence) -> str:
        running = short(case.running.digest)
        still = self._registries.digest(case.name, case.running.digest)
        left = f" What runs, {running}, is still there." if still.there else ""
        left = f" What runs, {running}, is not there any more either." if still.gone else left
        return f"{case.name} does not have the tag {clean(case.reference.tag)}: it was deleted.{left}"

    def _purged(self, case: _Case) -> bool:
        """Whether the registry says that it lost what runs: where the node says it came from, and under the name itself.

        A bare config digest is in no list of manifests, so it proves nothing.
        """
        if case.running.kind is not ImageIdKind.REPO_DIGEST or self._holds_content(case):
            return False
        named = self._registries.digest(case.name, case.running.digest)
        if case.running.name is None or case.running.name == case.name:
            return named.gone
        reported = self._registries.digest(case.running.name, case.running.digest)
        return reported.gone and not named.there and (named.gone or case.running.name.registry == case.name.registry)

    def _holds_content(self, case: _Case) -> bool:
        """Whether the repository has the content that runs under any digest."""
        keys = [key for config in case.content or () for key in self._catalog.of_config(config)]
        images = (self._catalog.image(key) for key in keys if _lies_in(key, case.name))
        return any(image is not None and not image.absent for image in images)

    def _where(self, case: _Case) -> str:
        if self._holds_content(case):
            return ", which the repository still has"
        reported = case.running.name
        if reported is not None and reported != case.name:
            return f", which the node has under the name {reported}"
        return ", which is not an image that the repository is known to have: purged, or replaced by another of the same name"

    def _needs_node(self, case: _Case, digest: str) -> bool:
        """Whether two sets of contents are known and overlap, so that nothing but the platform of the node can tell."""
        other = self._contents.on(digest, None) if digest else None
        return case.platform is None and bool(case.content) and bool(other) and not _differ(case.content, other)

    def _unreadable(self, case: _Case, digest: str, lead: str) -> str:
        """A sentence on two digests that cannot be compared because one was not read."""
        name = case.name if digest != case.running.digest else case.running.name or case.name
        word = self._registries.digest(name, digest)
        unread = f"not every platform of {short(digest)} has been read."
        if self._needs_node(case, digest):
            unread = "the platform of its node decides, and nodes may not be read."
        why = word.reason or unread
        return f"{lead}; whether they are the same is not known: {why}"


def _lies_in(key: ImageKey, name: RepositoryName) -> bool:
    return key.repository == name.repository and key.registry == name.registry


def _same(contents: frozenset[str] | None, other: frozenset[str] | None) -> bool:
    """Whether two digests certainly mean the same: the one content on the node's platform, or all contents of all."""
    return bool(contents) and contents == other


def _differ(contents: frozenset[str] | None, other: frozenset[str] | None) -> bool:
    """Whether two digests certainly mean different contents; overlapping sets, met without a platform, say neither."""
    return bool(contents) and bool(other) and contents is not None and other is not None and contents.isdisjoint(other)


def _not_started(variant: RunVariant) -> str:
    if variant.image_id:
        return f"The node reports its image in a form that says nothing: {clean(variant.image_id, 80)}."
    return "It has not started, so the node reports no image."

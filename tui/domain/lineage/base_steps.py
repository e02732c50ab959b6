"""What mends a base that is not the newest: what is to be rebuilt on what, in order, each with its repository and its build.

A base that is old itself comes before what stands on it. What only its publisher can rebuild is never advised.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from tui.domain.common.text import clean, short
from tui.domain.lineage.outdated import BaseVerdict, OutdatedRule
from tui.domain.registries.public import is_public
from tui.domain.snapshot.snapshot import BaseLink, BaseState, ImageKey

__all__ = ["Newest", "Rebuild", "in_order", "rebuilt_on", "title_of", "with_step"]

MAX_GENERATIONS = 30
Newest = Callable[[BaseLink, BaseVerdict], ImageKey | None]
"""Finds the image that is the newest build of a link's base."""

_ON_NEWEST = re.compile(r"Rebuild it on (?:the newest build of )?(\S+?)(?: \(\S+(?: in place of \S+)?\))?\.")
_SAY = "a base annotation when it is built, or [base] in the settings."


class Rebuild(NamedTuple):
    """A base that is to be rebuilt, and the base that it is to be rebuilt on; both in words."""

    name: str
    base: str


def with_step(
    link: BaseLink,
    verdict: BaseVerdict,
    links: Callable[[ImageKey], BaseLink | None],
    verdicts: Callable[[ImageKey], BaseVerdict | None],
    newest: Newest,
) -> BaseVerdict:
    """A verdict with what mends it; `links` and `verdicts` tell of the bases below."""
    step = _Steps(links, verdicts, newest).of(link, verdict)
    return msgspec.structs.replace(verdict, step=step) if step else verdict


def in_order(rebuilds: list[Rebuild], on: str) -> str:
    """The sentence that says what to rebuild first, and then this image; `on` is what that is to stand on."""
    if not rebuilds:
        return f"Rebuild it on {on}."
    foreign = next((rebuild for rebuild in rebuilds if is_public(rebuild.name.partition("/")[0])), None)
    if foreign is not None:
        waits = f"{foreign.name} has no build on {foreign.base} yet, and only its publisher can make one"
        return f"{waits}: wait for it, or build on another base."
    first, *others = rebuilds
    then = "".join(f", then {rebuild.name} on that" for rebuild in others)
    return f"Rebuild {first.name} on {first.base}{then}, then this image."


def rebuilt_on(step: str) -> str:
    """The base that a step wants an image to be rebuilt on, without its build; empty where it wants anything else, or more."""
    match = _ON_NEWEST.fullmatch(step)
    return match[1] if match is not None else ""


def title_of(link: BaseLink, tag: str = "", digest: str = "") -> str:
    """A base as a person names it: repository, tag, and the build where another is meant than the one it is built on."""
    tag = clean(tag or link.tag, 128)
    name = f"{link.base.name}:{tag}" if tag else str(link.base.name)
    now = f" in place of {short(link.base.digest)}" if link.base.digest and digest != link.base.digest else ""
    return f"{name} ({short(digest)}{now})" if digest else name


class _Steps:
    def __init__(
        self,
        links: Callable[[ImageKey], BaseLink | None],
        verdicts: Callable[[ImageKey], BaseVerdict | None],
        newest: Newest,
    ) -> None:
        self._links, self._verdicts, self._newest = links, verdicts, newest

    def of(self, link: BaseLink, verdict: BaseVerdict) -> str:
        """What mends the base of one image; empty when nothing is to be done, or nothing is known to help."""
        match verdict.state:
            case BaseState.CURRENT:
                return ""
            case BaseState.UNKNOWN:
                return _told(link, verdict)
            case BaseState.OUTDATED if verdict.rule is OutdatedRule.NO_TAG_LEFT:
                return f"Rebuild it on a build of {link.base.name} that a tag names."
            case BaseState.OUTDATED:
                on, rebuilds = self._wanted(link, verdict, MAX_GENERATIONS)
                return in_order(rebuilds, on)

    def _wanted(self, link: BaseLink, verdict: BaseVerdict, depth: int) -> tuple[str, list[Rebuild]]:
        """What an image is to be rebuilt on, and what is to be rebuilt before."""
        if verdict.rule is OutdatedRule.BASE_BEHIND:
            return title_of(link), self._first(link.base, title_of(link), depth)
        tag, _, digest = verdict.newest.partition("@")
        newest = self._newest(link, verdict)
        title = title_of(link, tag, digest or (newest.digest if newest is not None else ""))
        return title, self._first(newest, title_of(link, tag), depth) if newest is not None else []

    def _first(self, base: ImageKey, name: str, depth: int) -> list[Rebuild]:
        """How a base that is old itself is mended: from the lowest one up."""
        link, verdict = self._links(base), self._verdicts(base)
        if link is None or verdict is None or verdict.state is not BaseState.OUTDATED or depth <= 0:
            return []
        on, below = self._wanted(link, verdict, depth - 1)
        return [*below, Rebuild(name, on)]


def _told(link: BaseLink, verdict: BaseVerdict) -> str:
    """What makes it known."""
    repository = link.base.name
    match verdict.rule:
        case OutdatedRule.SEVERAL_TAGS:
            tag, _, digest = verdict.newest.partition("@")
            follows = f" If it follows {clean(tag, 128)}, rebuild it on {title_of(link, tag, digest)}." if digest else ""
            return f"Say from which tag it is built: {_SAY}{follows}"
        case OutdatedRule.SEVERAL_NAMES | OutdatedRule.NO_TAG_KNOWN | OutdatedRule.NOT_WHOLE | OutdatedRule.BETWEEN:
            return f"Say what it is built from: {_SAY}"
        case OutdatedRule.NOT_SHOWN:
            return "Rebuild it from its base without squashing the layers, and let what names the base name that one."
        case OutdatedRule.TAG_GONE | OutdatedRule.PLATFORM_GONE:
            return f"Rebuild it on a tag of {repository} that is there for its platforms."
        case _:
            return f"Make {repository} readable, tags included: trustree doctor says what is missing."

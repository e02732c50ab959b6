"""The chain of facts that leads to a verdict: what a link of it says, and how answers of checks become links."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from tui.domain.answers.why.evidence import Command
from tui.domain.common.source_id import SourceId
from tui.domain.common.text import clean, listed
from tui.domain.common.trust import BAD_FIRST, Check, State
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import Image

__all__ = [
    "CANNOT_TELL",
    "MOST",
    "Why",
    "WhyFact",
    "beside",
    "chain_fact",
    "each_command_once",
    "name_of",
    "place_of",
    "verb",
]

_ENDS = {
    State.FAIL: ("fails", "fail"),
    State.UNKNOWN: ("is unknown", "are unknown"),
    State.WARN: ("warns", "warn"),
    State.PASS: ("passes", "pass"),
    State.OFF: ("is not asked", "are not asked"),
}
_MEANS = {
    "registry": "It does not come from a registry or repository that the policy trusts.",
    "signature.unsigned": "Nothing proves who made this image, or that it was not replaced since.",
    "signature.unverified": "The signature proves nothing: who made this image is not known.",
    "signature.signers": "It is signed, but not by a signer that the policy requires.",
    "scan.fail_on": "It has known vulnerabilities that the policy does not accept.",
    "scan.warn_on": "It has known vulnerabilities that are worth a look.",
    "scan.missing": "What vulnerabilities it has is not known.",
    "scan.max_age": "What was found since that report is not known.",
    "base.outdated": "Fixes made in its base since then are not in this image.",
    "base.grace": "Fixes made in its base since then have been missing for longer than the policy allows.",
    "base.end_of_life": "Vulnerabilities found in it after that day will not be fixed.",
    "identity.moved": "The name names something else now: what starts next may not be what runs.",
    "identity.mixed": "Pods of one workload run different images under one name.",
    "identity.gone": "What runs cannot be pulled again: a pod that moves to another node may not start.",
    "identity.impostor": "What runs is not what its name says.",
    "age": "Fixes made in its packages since it was built are not in it.",
    "admission": "The cluster's own admission rules refuse it: a new pod may be refused.",
}
"""What it means that something does not pass, by the setting of the policy that decided, or by the check."""
_FAILS_ONLY = "signature.unverified"
"""What also decides of signatures that are accepted with a warning: those prove something."""
CANNOT_TELL = "Whether it is fine is not known, and unknown does not count as fine."
MOST = 3
"""Names of a kind that a sentence of a chain tells one by one."""


class WhyFact(msgspec.Struct, frozen=True):
    """One link of the chain: a fact, who says so and as of when, what it means, and what would change it.

    `about` is what it is about (a check, or what something is), `state` OFF where it only leads to the next one.
    """

    about: str
    state: State
    sentence: str
    sources: tuple[SourceId, ...] = ()
    as_of: datetime | None = None
    means: str = ""
    step: str = ""
    commands: tuple[Command, ...] = ()


class Why(msgspec.Struct, frozen=True):
    """The chain for one thing: its name, what identifies it, its verdict, the facts, and what else is not fine in a sentence."""

    name: str
    reference: str
    verdict: State
    facts: tuple[WhyFact, ...]
    beside: str = ""


def chain_fact(check: Check, about: str, commands: tuple[Command, ...]) -> WhyFact:
    """The answer of a check as a link of the chain."""
    return WhyFact(about, check.state, check.reason, check.sources, check.as_of, _meaning(check), check.remedy, commands)


def _meaning(check: Check) -> str:
    """What an answer means, and which setting of the policy made it that."""
    setting, _, _ = check.rule.rpartition("; ")[2].partition(" = ")
    cited = f" By the policy: {check.rule}." if " = " in check.rule else ""
    if check.state is State.PASS:
        return cited.strip()
    if check.accepted:
        return f"An exception of the policy accepts it: {check.accepted}.{cited}"
    if check.state is State.UNKNOWN:
        return f"{CANNOT_TELL}{cited}"
    means = _MEANS.get(setting) or _MEANS.get(check.name.value, "")
    if setting == _FAILS_ONLY and check.state is not State.FAIL:
        means = ""
    return f"{means}{cited}".strip()


def verb(state: State, number: int) -> str:
    """How so many end: `fails`, `are unknown`."""
    return _ENDS[state][number != 1]


def beside(checks: Iterable[Check], deciding: Sequence[Check]) -> str:
    """What else is not fine, in a sentence; empty when nothing is."""
    decided = set(deciding)
    others = [check for check in checks if check not in decided]
    parts = []
    for state in BAD_FIRST[:-1]:
        names = list(dict.fromkeys(check.name.value for check in others if check.state is state))
        if names:
            parts.append(f"{listed(names)} {verb(state, len(names))}")
    return f"Beside that, {'; '.join(parts)}." if parts else ""


def each_command_once(facts: Iterable[WhyFact]) -> tuple[WhyFact, ...]:
    """A command stands with the first fact that it shows."""
    lines: set[str] = set()
    chain = []
    for fact in facts:
        commands = tuple({command.line: command for command in fact.commands if command.line not in lines}.values())
        lines.update(command.line for command in commands)
        chain.append(msgspec.structs.replace(fact, commands=commands) if commands != fact.commands else fact)
    return tuple(chain)


def name_of(image: Image) -> str:
    """What an image is called: its repository and the tag that says most."""
    tag = image.telling_tag
    return f"{image.key.repository}:{tag}" if tag else f"{image.key.repository}@{image.key.digest.rpartition(':')[2][:12]}"


def place_of(key: ObjectKey) -> str:
    """Where a workload is: `Deployment/api in payments of prod-weu`."""
    where = f" in {key.namespace} of {key.cluster}" if key.namespace else f" of {key.cluster}"
    return clean(f"{key.kind}/{key.name}{where}", 300)

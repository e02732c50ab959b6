"""What the health of the sources means for the facts: who does not answer, who is signed in, whether all has been read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tui.domain.events import SourceHealth, SourceKind, SourceState
from tui.domain.text import full_stop

__all__ = ["is_complete", "lost_sources", "signatures_lost", "signed_in", "signed_out"]


def lost_sources(health: Mapping[str, SourceHealth], kind: SourceKind) -> dict[str, str]:
    """The sources of a kind that do not answer, with a sentence that says since when and why."""
    return {name: _lost(each) for name, each in health.items() if each.kind is kind and each.state is SourceState.FAILED}


def _lost(health: SourceHealth) -> str:
    name = health.name.partition("/")[2] or health.name
    since = f" has not answered since {health.as_of:%Y-%m-%d %H:%M} UTC" if health.as_of is not None else " does not answer"
    return full_stop(f"{name}{since}{f': {health.error}' if health.error else ''}")


def signatures_lost(health: Mapping[str, SourceHealth]) -> str:
    """Why no signatures are looked for, in a sentence; empty while a source looks for them."""
    found = [each for each in health.values() if each.kind is SourceKind.SIGNATURES]
    if not found:
        return "No source of signatures is set up."
    idle = [each for each in found if each.state in (SourceState.FAILED, SourceState.OFF)]
    return f"Signatures are not verified: {idle[0].error or idle[0].state}." if len(idle) == len(found) else ""


def is_complete(health: Mapping[str, SourceHealth]) -> bool:
    """Whether every source that is asked has answered whole. What the configuration turns off is not asked."""
    asked = [each for each in health.values() if each.state is not SourceState.OFF]
    facts = any(each.kind is not SourceKind.POLICY for each in asked)
    return facts and all(each.state is SourceState.OK for each in asked)


def signed_in(health: Mapping[str, SourceHealth]) -> frozenset[str]:
    """The registries that somebody is signed in to and that answer."""
    return frozenset(_registries(each for each in health.values() if each.identity and each.state in _ANSWERING))


def signed_out(health: Mapping[str, SourceHealth]) -> frozenset[str]:
    """The registries where certainly nobody is signed in: they answer strangers, or are not asked."""
    return frozenset(_registries(each for each in health.values() if _is_out(each)))


_ANSWERING = (SourceState.OK, SourceState.PARTIAL, SourceState.LOADING)


def _is_out(health: SourceHealth) -> bool:
    answered = health.state in (SourceState.OK, SourceState.PARTIAL) and not health.identity
    return answered or health.state is SourceState.OFF


def _registries(health: Iterable[SourceHealth]) -> Iterator[str]:
    return (each.name.removeprefix("registry/") for each in health if each.kind is SourceKind.REGISTRY)

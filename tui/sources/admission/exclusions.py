"""The namespaces that Gatekeeper's `Config` leaves out, by process.

Sources: open-policy-agent/gatekeeper website/docs/exempt-namespaces.md (only a Config named `config` counts, in Gatekeeper's own
namespace; `*` means every process), pkg/controller/config/process/excluder.go and pkg/wildcard.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tui.domain.common.decoding import from_json
from tui.domain.facts.admission import Constraint
from tui.sources.ports import ApiResource

__all__ = ["CONFIG", "Exclusions", "read_configs"]

CONFIG = ApiResource("config.gatekeeper.sh/v1alpha1", "configs", "Config", namespaced=True)
_NAME = "config"
_HOME = "gatekeeper-system"
_EVERY = "*"


class _Metadata(msgspec.Struct):
    name: str = ""
    namespace: str | None = None


class _Entry(msgspec.Struct, rename="camel"):
    excluded_namespaces: list[str] | None = None
    processes: list[str] | None = None


class _Spec(msgspec.Struct):
    match: list[_Entry] | None = None


class _Config(msgspec.Struct):
    metadata: _Metadata
    spec: _Spec | None = None


class _List(msgspec.Struct):
    items: list[msgspec.Raw] | None = None


class Exclusions(msgspec.Struct, frozen=True):
    """Patterns of namespaces that the webhook admits unasked, and of those that the audit passes over."""

    webhook: tuple[str, ...] = ()
    audit: tuple[str, ...] = ()
    at_home: bool = False

    def of(self, constraint: Constraint) -> Constraint:
        """A constraint of Gatekeeper that knows where it is not asked."""
        if not (self.webhook or self.audit):
            return constraint
        return msgspec.structs.replace(constraint, unasked_namespaces=self.webhook, unaudited_namespaces=self.audit)

    def joined(self, other: Exclusions) -> Exclusions:
        """What both leave out; what lies in Gatekeeper's usual namespace counts before what lies elsewhere."""
        if self.at_home != other.at_home:
            return self if self.at_home else other
        return Exclusions(self.webhook + other.webhook, self.audit + other.audit, self.at_home)


def read_configs(page: bytes) -> Exclusions:
    """What the Configs of a page leave out; one of another name is not read by Gatekeeper. Raises DECODING."""
    exclusions = Exclusions()
    for raw in from_json(page, _List).items or ():
        config = from_json(raw, _Config)
        if config.metadata.name == _NAME:
            entries = (config.spec or _Spec()).match or ()
            at_home = config.metadata.namespace == _HOME
            exclusions = exclusions.joined(Exclusions(_left_out(entries, "webhook"), _left_out(entries, "audit"), at_home))
    return exclusions


def _left_out(entries: Iterable[_Entry], process: str) -> tuple[str, ...]:
    return tuple(
        pattern
        for entry in entries
        if not {process, _EVERY}.isdisjoint(entry.processes or ())
        for pattern in entry.excluded_namespaces or ()
    )

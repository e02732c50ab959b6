"""Which registries were left unread but for what runs and what that is built on."""

from __future__ import annotations

from tui.domain.snapshot.snapshot import Snapshot

__all__ = ["unread_registries"]


def unread_registries(snapshot: Snapshot) -> tuple[str, ...]:
    """The registries of which nobody asked for the rest: what it holds is missing from everything that is counted."""
    return tuple(source.id.name for source in snapshot.sources if not source.surveyed)

"""Things that belong together, each led to by the next: who has the same leader is of one group (union-find, paths halved)."""

from __future__ import annotations

from typing import TypeVar

__all__ = ["leader_of"]

Member = TypeVar("Member")


def leader_of(leaders: dict[Member, Member], member: Member) -> Member:
    """Who leads the group of a member; `leaders` has somebody nearer to that for each, and is shortened on the way."""
    while leaders[member] != member:
        leaders[member] = member = leaders[leaders[member]]
    return member

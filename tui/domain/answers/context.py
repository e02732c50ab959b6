"""What answers are made from: the question, what of the estate it finds, and what is worked out once for a snapshot."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

import msgspec

from tui.domain.answers.question import Question
from tui.domain.common.pace import paced
from tui.domain.plans.needs import RebuildIndex
from tui.domain.query.index import QueryIndex
from tui.domain.query.query import Selection
from tui.domain.query.reach import Reach, reach_of
from tui.domain.snapshot.snapshot import ImageKey, Snapshot
from tui.domain.snapshot.unread import unread_registries

__all__ = ["AnswerContext", "AnswerIndex"]


class AnswerIndex(QueryIndex):
    """What is worked out of a snapshot for its queries and for their answers; make one per snapshot and ask it many times."""

    @cached_property
    def rebuilds(self) -> RebuildIndex:
        """What plans of rebuilds need."""
        return RebuildIndex(self.snapshot)


class AnswerContext(msgspec.Struct, frozen=True, dict=True):
    """A question, and what it finds: the rows, and whatever else is counted, are of this selection."""

    index: AnswerIndex
    question: Question
    selection: Selection
    now: datetime

    @property
    def snapshot(self) -> Snapshot:
        """The estate that is asked about."""
        return self.index.snapshot

    @cached_property
    def running(self) -> frozenset[ImageKey]:
        """The images found that pods of the workloads found run."""
        images, workloads = self.selection.images, self.selection.workloads
        users = self.snapshot.users.items()
        return frozenset(key for key, keys in paced(users) if key in images and any(user in workloads for user in keys))

    @cached_property
    def unread(self) -> tuple[str, ...]:
        """The registries of which only what runs was read, and what that is built on."""
        return unread_registries(self.snapshot)

    @cached_property
    def counts_what_runs(self) -> bool:
        """Whether images are counted only as far as they run: of the others some are known, by accident.

        What finds nothing but what workloads have is told whole.
        """
        return bool(self.unread) and reach_of(self.question.terms) is not Reach.RUNS

    @cached_property
    def counted(self) -> frozenset[ImageKey]:
        """The images found that numbers are of."""
        return self.running if self.counts_what_runs else self.selection.images

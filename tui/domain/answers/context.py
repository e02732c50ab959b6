"""What answers are made from: the question, what of the estate it finds, and what is worked out once for a snapshot."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

import msgspec

from tui.domain.answers.question import Question
from tui.domain.plans.needs import RebuildIndex
from tui.domain.query.index import QueryIndex
from tui.domain.query.query import Selection
from tui.domain.snapshot.snapshot import ImageKey, Snapshot

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
    found: Selection
    now: datetime

    @property
    def snapshot(self) -> Snapshot:
        """The estate that is asked about."""
        return self.index.snapshot

    @cached_property
    def running(self) -> frozenset[ImageKey]:
        """The images found that pods of the workloads found run."""
        images, workloads = self.found.images, self.found.workloads
        users = self.snapshot.users.items()
        return frozenset(key for key, keys in users if key in images and any(user in workloads for user in keys))

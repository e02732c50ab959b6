"""What of that which stands on a base will be rebuilt by itself when the base changes, all the way up."""

from __future__ import annotations

from tui.domain.plans.why_not import Outlooks, outlook
from tui.domain.snapshot.snapshot import ImageKey, Snapshot

__all__ = ["followers"]


def followers(snapshot: Snapshot, base: ImageKey) -> dict[ImageKey, Outlooks]:
    """Every image that runs and stands on a base, with whether a change of the base comes to it by itself.

    It does where its job follows what it stands on, and so does the job of everything in between.
    """
    answers: dict[ImageKey, Outlooks] = {base: Outlooks.YES}
    queue = [base]
    for below in queue:
        for child in snapshot.derived.get(below, ()):
            if child not in answers:
                answers[child] = _worse(answers[below], _answer(snapshot, child))
                queue.append(child)
    del answers[base]
    return {key: answer for key, answer in answers.items() if snapshot.users.get(key)}


def _answer(snapshot: Snapshot, key: ImageKey) -> Outlooks:
    """Without the words where there is no job to ask: they take a look at all jobs."""
    if all(attribution.job is None for attribution in snapshot.builders.get(key, ())):
        return Outlooks.UNKNOWN
    return outlook(snapshot, key).answer


def _worse(left: Outlooks, right: Outlooks) -> Outlooks:
    return next((answer for answer in (Outlooks.NO, Outlooks.UNKNOWN) if answer in (left, right)), Outlooks.YES)

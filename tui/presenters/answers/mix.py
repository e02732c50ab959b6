"""The answer to a question without a kind of its own: what is wrong with what it finds."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.answers.answer import Answer
from tui.domain.answers.mix import Mix
from tui.domain.common.trust import State, worst
from tui.presenters.answers.sentences import AnswerSentence, named, worded
from tui.presenters.answers.shared import mending_wordings, runs, undecided, unplanned, whose
from tui.presenters.words import count

__all__ = ["mix_sentences"]


def mix_sentences(answer: Answer, mix: Mix) -> Iterator[AnswerSentence]:
    """How much it is, what is wrong with it, what a rebuild does, whose it is, and of what nobody can tell."""
    states = [state for state, _ in (*mix.verdicts, *mix.workloads)]
    nothing = "Nothing here matches." if answer.extent.is_told else "Nothing is known to match."
    yield runs(answer, worst(states), nothing)
    if states:
        yield worded("wrong", _wrong(mix, "of what runs " if answer.extent.only_running and mix.verdicts else ""))
    orders = mending_wordings(answer.mending)
    if orders:
        yield worded("fix", [f"{order}." for order in orders])
    yield from unplanned(answer)
    yield from whose(answer)
    yield from undecided(answer)


def _wrong(mix: Mix, scope: str) -> tuple[str, ...]:
    """`40 fail: signature 30, scan 12; 20 unknown; 49 pass; workloads 12 fail, 3 pass`."""
    images, verdicts = [f"{count(number)} {state}" for state, number in mix.verdicts], dict(mix.verdicts)
    workloads = ", ".join(f"{count(number)} {state}" for state, number in mix.workloads)
    places = f"workloads: {workloads}" if workloads else ""
    if not images:
        return (f"{places}.",)
    first, *others = images
    first = f"{scope}{first}"
    wordings = []
    for most, beside in ((7, places), (7, ""), (4, places), (3, places), (5, ""), (4, ""), (3, ""), (2, ""), (1, "")):
        checks = f": {named(mix.failing, most, 'more checks')}" if State.FAIL in verdicts and mix.failing else ""
        wordings.append("; ".join(filter(None, (f"{first}{checks}", *others, beside))) + ".")
    return tuple(wordings)

"""The answer to a question without a kind of its own: what is wrong with what it finds."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.answers.answer import Answer
from tui.domain.answers.mix import Mix
from tui.domain.common.trust import State
from tui.presenters.answers.sentences import AnswerSentence, fitted, named
from tui.presenters.answers.shared import mending_words, runs, undecided, whose

__all__ = ["mix_sentences"]


def mix_sentences(answer: Answer, mix: Mix) -> Iterator[AnswerSentence]:
    """How much it is, what is wrong with it, what a rebuild does, whose it is, and of what nobody can tell."""
    worst = mix.verdicts[0][0] if mix.verdicts else State.UNKNOWN
    nothing = "Nothing here matches." if answer.extent.is_told else "Nothing that could be told matches."
    yield runs(answer, worst, nothing)
    if mix.verdicts:
        yield AnswerSentence("wrong", _wrong(mix))
    plan = mending_words(answer.mending)
    if plan:
        yield AnswerSentence("fix", f"{plan}.")
    yield from whose(answer)
    yield from undecided(answer)


def _wrong(mix: Mix) -> str:
    """`40 fail: signature 30, scan 12; 20 unknown; 49 pass`."""
    verdicts = dict(mix.verdicts)
    rest = [f"{number:,} {state}" for state, number in mix.verdicts if state is not State.FAIL]
    failing = f"{verdicts[State.FAIL]:,} fail" if State.FAIL in verdicts else ""
    wordings = []
    for most in (5, 4, 3, 2):
        checks = f": {named(mix.failing, most, 'other checks')}" if failing and mix.failing else ""
        wordings.append("; ".join(filter(None, (f"{failing}{checks}", *rest))) + ".")
    return fitted(*wordings)

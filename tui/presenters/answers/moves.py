"""The answer to "was the tag replaced?": what was before and is now, who still runs what, who pushed it, whether undo helps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from tui.domain.answers.answer import Answer
from tui.domain.answers.comparing import Alike, Comparison
from tui.domain.answers.moves import Move, Moves, Push
from tui.domain.common.trust import State
from tui.domain.facts.build import Run
from tui.domain.snapshot.snapshot import ImageKey
from tui.presenters.answers.sentences import AnswerSentence, fitted, worded
from tui.presenters.answers.shared import runs, whose_and_undecided
from tui.presenters.words import age, count, plural, short_hex

__all__ = ["move_sentences", "moves_sentences", "pushed_words"]


def moves_sentences(answer: Answer, moves: Moves) -> Iterator[AnswerSentence]:
    """How wide it is, the widest move in full, whose it is, and what could not be told."""
    is_told = answer.extent.is_told
    if len(moves.moves) == 1 and answer.extent.workloads:
        yield _all_of_it(answer, moves.moves[0])
    else:
        nothing = "No tag moved under what runs." if is_told else "No tag is known to have moved under what runs."
        yield runs(answer, State.FAIL, nothing)
    if moves.moves:
        others = len(moves.moves) - 1
        elsewhere = "trust" if others else "pods"  # in the tab that compares both; above, as what runs
        sentences = move_sentences(moves.moves[0], answer.now, others)
        yield from (sentence for sentence in sentences if sentence.label != elsewhere)
    yield from whose_and_undecided(answer)


def _all_of_it(answer: Answer, move: Move) -> AnswerSentence:
    """How wide the one move is, and what its pods run: `2 workloads in 2 clusters: 24 pods still run 614e75b1b89b`."""
    extent = answer.extent
    workloads = plural(len(extent.workloads), "workload")
    places = f" in {plural(len(extent.clusters), 'cluster')}"
    wordings = [f"{workloads}{where}: {words}" for words in _pods(move) for where in (places, "")]
    return worded("runs", wordings, State.FAIL)


def move_sentences(move: Move, now: datetime, others: int = 0) -> Iterator[AnswerSentence]:
    """One name that moved."""
    more = f" ({plural(others, 'more name')} moved)" if others else ""
    yield AnswerSentence("moved", _moved(move, now, more, f" ({count(others)} more)" if others else ""))
    yield AnswerSentence("pods", fitted(*_pods(move)))
    if move.comparison:
        yield AnswerSentence("trust", _differences(move.comparison))
    yield AnswerSentence("fix", _fix(move))


def _name(move: Move) -> str:
    return f"{move.name.repository}:{move.tag}"


def _digest(key: ImageKey | None) -> str:
    return short_hex(key.digest) if key is not None else "nothing"


def _moved(move: Move, now: datetime, more: str, brief_more: str) -> str:
    """`payments/worker:stable names 29cb8029d3a4 for 3d, pushed by run cf12 of payments-worker (2 more names moved)`."""
    since = f" for {age(move.moved, now)}" if move.moved is not None else ""
    if move.current is None:
        return fitted(f"{_name(move)} is gone: it names nothing now{more}.", f"{_name(move)} is gone{brief_more}.")
    names = f"{_name(move)} names {_digest(move.current)}{since}"
    who, brief = pushed_words(move.push, now), _pushed_briefly(move.push)
    run = f"by run {move.push.run.id}" if move.push.run is not None else "pusher unknown"
    return fitted(
        *(f"{names}, {words}." for words in (f"{who}{more}", f"{brief}{more}", f"{run}{more}", f"{run}{brief_more}")),
        f"{names}{brief_more}.",
    )


def pushed_words(push: Push, now: datetime) -> str:
    """When it was pushed and by whom: `pushed 3d ago by run cf12 of payments-worker`."""
    when = f" {age(push.pushed, now)} ago" if push.pushed is not None else ""
    if push.run is not None:
        return f"pushed{when} by {_pusher(push.run, push.job)}"
    return f"pushed{when}; no builder says by whom" if when else "pushed, when and by whom not known"


def _pushed_briefly(push: Push) -> str:
    return f"pushed by {_pusher(push.run, push.job)}" if push.run is not None else "no builder says who pushed it"


def _pusher(run: Run, job: str) -> str:
    return f"run {run.id}" + (f" of {job}" if job else "")


def _pods(move: Move) -> tuple[str, ...]:
    """`24 pods still run 614e75b1b89b, 12 the new one; a restart brings it`."""
    old = sum(number for key, number in move.pods if key != move.current)
    new = sum(number for key, number in move.pods if key == move.current)
    before = _digest(move.before[0]) if len(move.before) == 1 else f"{len(move.before)} others"
    still = f"{plural(old, 'pod')} still run{'s' if old == 1 else ''} {before}"
    fresh = f", {count(new)} the new one" if new else ""
    waiting = f", {count(move.waiting)} wait{'s' if move.waiting == 1 else ''}" if move.waiting else ""
    restart = "a restart fails" if move.current is None else "a restart brings it" if new else "a restart brings the new one"
    hidden = "" if move.always else " (not where a node has the old one)"
    shown = f"{still}{fresh}{waiting}"
    return f"{shown}; {restart}{hidden}.", f"{shown}; {restart}.", f"{still}{fresh}."


def _differences(rows: tuple[Comparison, ...]) -> str:
    """`signature: not signed → signed by contoso; scan: 3 critical → 1 high; same base`."""
    unequal = [row for row in rows if row.alike is Alike.DIFFERENT and row.what in _OF_TRUST]
    unknown = [row.what for row in rows if row.alike is Alike.UNKNOWN and row.what in _OF_TRUST]
    same = [row.what for row in rows if row.alike is Alike.SAME and row.what in _OF_TRUST]
    others = "; ".join(
        filter(None, (f"same {', '.join(same)}" if same else "", f"unknown: {', '.join(unknown)}" if unknown else ""))
    )
    wordings = []
    for most in range(len(unequal), 0, -1):
        changes = "; ".join(f"{row.what}: {_brief(row.before)} → {_brief(row.after)}" for row in unequal[:most])
        left = ", ".join(row.what for row in unequal[most:])
        wordings += ["; ".join(filter(None, (changes, f"other {left}" if left else "", others))) + "."]
    names = ", ".join(row.what for row in unequal)
    wordings.append("; ".join(filter(None, (f"other {names}" if names else "", others))) + ".")
    return fitted(*wordings)


def _brief(value: str) -> str:
    """A signer by the common name of its certificate, cut."""
    name = _COMMON_NAME.search(value)
    return f"signed by {name[1][:_NAME]}" if name is not None and value.startswith("signed by ") else value


_NAME = 24
_COMMON_NAME = re.compile(r"\bCN=([^,]+)")
_OF_TRUST = ("verdict", "signature", "base", "scan")


def _fix(move: Move) -> str:
    """What brings back what ran before: an undo does not where the older versions have the same tag."""
    before = move.before[0] if move.before else None
    pin = f"{_back(move)}: pin {_digest(before)}" if before is not None and before not in move.lost else ""
    if move.undo.useless:
        undo = "rollout undo does not help: same tag"
        lost = "what ran is gone from the registry" if before is not None and before in move.lost else ""
        return fitted(f"{'; '.join(filter(None, (pin or lost, undo)))}.", f"{undo}.")
    target = f"rollout undo goes to {_digest(move.undo.helps[0][1])}" if move.undo.helps else ""
    if pin and target:
        return fitted(f"{pin}, or {target}.", f"{pin}.")
    return fitted(f"{'; '.join(filter(None, (target, pin)))}.", f"{target or pin}.")


def _back(move: Move) -> str:
    """What a step back is: advice where what ran before has the better verdict, else only a possibility."""
    verdict = next((row for row in move.comparison if row.what == "verdict"), None)
    severities = {state.value: state.severity for state in State}
    before, after = (severities.get(value) for value in (verdict.before, verdict.after)) if verdict is not None else (None, None)
    better = before is not None and after is not None and before < after
    return "go back" if better else "to go back"

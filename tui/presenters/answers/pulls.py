"""The answer to "why does it not start?": each failing pull step by step, whom to ask for what, and what else keeps pods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tui.domain.answers.answer import Answer
from tui.domain.answers.pulls import Grant, GrantKind, Pull, Pulls
from tui.domain.common.text import clean
from tui.domain.common.trust import State
from tui.domain.facts.pulls import Cause, PullExam
from tui.domain.workloads.pull_failures import REMEDIES
from tui.presenters.answers.sentences import MARKS, AnswerSentence, first_of, fitted, named, worded
from tui.presenters.answers.shared import clusters_named, owner_wordings, whose_and_undecided
from tui.presenters.words import count, plural, without_registry

__all__ = ["grant_words", "marks_of", "pull_sentences", "pulls_sentences"]


def pulls_sentences(answer: Answer, pulls: Pulls) -> Iterator[AnswerSentence]:
    """How many do not start, the widest pull in full, what else there is, whose it is."""
    others = _others(pulls)
    also_has_room = others[0] != "" and answer.extent.is_told
    yield _stuck(answer, pulls, owner_wordings(answer) if also_has_room else others)
    if pulls.pulls:
        yield from pull_sentences(pulls.pulls[0])
    if also_has_room:
        yield AnswerSentence("also", fitted(*(f"{words}." for words in others)))
    else:
        yield from whose_and_undecided(answer)


def _stuck(answer: Answer, pulls: Pulls, besides: tuple[str, ...]) -> AnswerSentence:
    extent = answer.extent
    if extent.is_empty:
        nothing = "No pod fails to start." if extent.is_told else "No pod is known to fail to start."
        return AnswerSentence("runs", nothing, State.PASS if extent.is_told else State.UNKNOWN)
    pods = sum(pull.pods for pull in pulls.pulls) + sum(trouble.pods for trouble in pulls.troubles)
    number = len(extent.workloads)
    wide = f"{plural(number, 'workload')} {'does' if number == 1 else 'do'} not start: {plural(pods, 'pod')}"
    more = [f"; {words}" if words else "" for words in besides]
    wordings = [f"{wide} in {clusters_named(extent)}{more[0]}.", *(f"{wide}{words}." for words in more)]
    return worded("runs", wordings, State.FAIL)


def pull_sentences(pull: Pull) -> Iterator[AnswerSentence]:
    """One failing pull: what it is, its steps, and what helps."""
    where = f"{without_registry(clean(pull.image, 200))}, {plural(pull.pods, 'pod')}"
    yield AnswerSentence("pull", fitted(f"{where}: {_CAUSES[pull.exam.cause]}.", f"{where}."))
    yield AnswerSentence("steps", marks_of(pull.exam))
    yield AnswerSentence("fix", _fix(pull))


def marks_of(exam: PullExam) -> str:
    """`repo ✔ tag ✔ digest ✔ right ✘ network ✔ platform ✔`."""
    return " ".join(f"{mark.step.value} {MARKS[mark.state]}" for mark in exam.marks)


_CAUSES = {
    Cause.NAME: "the name is not valid",
    Cause.REPOSITORY: "no such repository",
    Cause.TAG: "no such tag",
    Cause.DIGEST: "no such digest",
    Cause.RIGHT: "the node has no right to pull it",
    Cause.PLATFORM: "nothing for the platform of the node",
    Cause.LIMIT: "the registry limits pulls",
    Cause.NETWORK: "the node does not reach the registry",
    Cause.NEVER: "the pull policy is Never",
    Cause.UNKNOWN: "the node does not say why",
}


def _fix(pull: Pull) -> str:
    if pull.grant is not None:
        return grant_words(pull.grant)
    remedy = REMEDIES[pull.exam.cause]
    return remedy[:1].lower() + remedy[1:]


def grant_words(grant: Grant) -> str:
    """The exact role to ask for, or the secret that is refused."""
    match grant.kind:
        case GrantKind.SECRET:
            secrets = first_of(grant.secrets, 2)
            return fitted(f"{grant.registry} refuses the secret {secrets}: renew it.", f"renew the secret {secrets}.")
        case GrantKind.LOGIN:
            return fitted(f"name imagePullSecrets with a login for {grant.registry}.", "name imagePullSecrets with a login.")
        case GrantKind.ROLE:
            to = "to the kubelet identity"
            where = f"{grant.registry}/{grant.repository}" if grant.repository and grant.sure else grant.registry
            doubt = "" if grant.sure else " (Repository Reader, if by repository)"
            return fitted(
                f"grant {grant.role} on {where} {to}{doubt}.",
                f"grant {grant.role} on {where} {to}.",
                f"grant {grant.role} {to}{doubt}.",
                f"grant {grant.role} {to}.",
            )


def _others(pulls: Pulls) -> tuple[str, ...]:
    """What else there is besides the widest pull: `4 more pulls fail: tag 2, network 2; CrashLoopBackOff 3 pods`."""
    more = Counter(_SHORT.get(pull.exam.cause, pull.exam.cause.value) for pull in pulls.pulls[1:])
    number = more.total()
    pulled = f"{plural(number, 'more pull')} fail{'s' if number == 1 else ''}" if more else ""
    causes = [f": {named(more.most_common(), most)}" if more else "" for most in (4, 2)]
    troubles = [(clean(trouble.reason, 40), trouble.pods) for trouble in pulls.troubles]
    reasons = named(troubles, 2, "more reasons") if troubles else ""
    total = f"{count(sum(pods for _, pods in troubles))} for other reasons" if troubles else ""
    wordings = (*((pulled + words, reasons) for words in causes), (pulled, reasons), (pulled, total))
    return tuple("; ".join(filter(None, parts)) for parts in wordings)


_SHORT = {Cause.REPOSITORY: "repo", Cause.UNKNOWN: "no reason given"}

"""The answer to "why does it not start?": each failing pull step by step, whom to ask for what, and what else keeps pods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tui.domain.answers.answer import Answer
from tui.domain.answers.pulls import Grant, GrantKind, Pull, Pulls
from tui.domain.common.text import clean
from tui.domain.common.trust import State
from tui.domain.facts.pulls import Cause, PullExam
from tui.presenters.answers.sentences import MARKS, AnswerSentence, first_of, fitted, named
from tui.presenters.answers.shared import undecided, whose
from tui.presenters.words import count, plural, several, without_registry

__all__ = ["grant_words", "marks_of", "pull_sentences", "pulls_sentences"]


def pulls_sentences(answer: Answer, pulls: Pulls) -> Iterator[AnswerSentence]:
    """How many do not start, the widest pull in full, what else there is, whose it is."""
    yield _stuck(answer, pulls)
    if pulls.pulls:
        yield from pull_sentences(pulls.pulls[0])
    others = _others(pulls)
    if others:
        yield AnswerSentence("also", others)
    yield from whose(answer)
    yield from undecided(answer)


def _stuck(answer: Answer, pulls: Pulls) -> AnswerSentence:
    extent = answer.extent
    if extent.is_empty:
        nothing = "No pod fails to start." if extent.is_told else "No pod is known to fail to start."
        return AnswerSentence("runs", nothing, State.PASS if extent.is_told else State.UNKNOWN)
    pods = sum(pull.pods for pull in pulls.pulls) + sum(trouble.pods for trouble in pulls.troubles)
    number = len(extent.workloads)
    wide = f"{several(number, 'workload')} {'does' if number == 1 else 'do'} not start: {several(pods, 'pod')}"
    return AnswerSentence("runs", fitted(f"{wide} in {named(extent.clusters, 3)}.", f"{wide}."), State.FAIL)


def pull_sentences(pull: Pull) -> Iterator[AnswerSentence]:
    """One failing pull: what it is, its steps, and what helps."""
    where = f"{without_registry(clean(pull.image, 200))}, {several(pull.pods, 'pod')}"
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
    return _REMEDIES[pull.exam.cause]


_REMEDIES = {
    Cause.NAME: "correct the name of the image in the workload.",
    Cause.REPOSITORY: "correct the name, or push the image there.",
    Cause.TAG: "push the tag, or name one that is there.",
    Cause.DIGEST: "push it again, or name a digest that is there.",
    Cause.RIGHT: "set imagePullSecrets that the registry accepts.",
    Cause.PLATFORM: "build it for the platform of the node as well.",
    Cause.LIMIT: "sign the nodes in, or keep the image in a registry of your own.",
    Cause.NETWORK: "let the nodes resolve and reach it: DNS, proxy, firewall.",
    Cause.NEVER: "load the image on the node, or change the pull policy.",
    Cause.UNKNOWN: "see the pod's events: kubectl describe pod.",
}


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


def _others(pulls: Pulls) -> str:
    """`4 more pulls: tag 2, network 1; CrashLoopBackOff 3`."""
    more = Counter(_SHORT.get(pull.exam.cause, pull.exam.cause.value) for pull in pulls.pulls[1:])
    causes = ", ".join(f"{cause} {count(number)}" for cause, number in more.most_common())
    pulled = f"{plural(more.total(), 'more failing pull')}: {causes}" if more else ""
    troubles = [(clean(trouble.reason, 60), trouble.pods) for trouble in pulls.troubles]
    kept_pods = f"pods kept from starting by {named(troubles, 2)}" if troubles else ""
    return fitted(f"{'; '.join(filter(None, (pulled, kept_pods)))}.", f"{pulled or kept_pods}.") if pulled or kept_pods else ""


_SHORT = {Cause.REPOSITORY: "repo", Cause.UNKNOWN: "no reason given"}

"""What a cluster's own gate would do: constraints of Gatekeeper and Azure Policy, asked one by one, and rehearsed.

Shapes: gatekeeper's website/docs (audit.md, howto.md) and Azure Policy's template K8sAzureV2ContainerAllowedImages.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.domain.world import NOW, World, check, container, image, running
from tui.domain.checks.gate import GateAnswer, ask, rehearse, subject_of
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.facts.admission import Constraint, Enforcement, Violation
from tui.domain.facts.events import ConstraintsListed, SourceId, SourceKind, SourceState
from tui.domain.facts.workload import ObjectKey
from tui.domain.snapshot.snapshot import Snapshot

WEB = ObjectKey("lab", "shop", "Deployment", "web")
AUDITED = NOW - timedelta(minutes=1)
ONLY_AZURE = r"^[^\/]+\.azurecr\.io\/.+$"
BOXES = (("main", "nginx:1.25"), ("cache", "redis:7"))
SUBJECT = subject_of(WEB, "main", "nginx:1.25", [("web-0", NOW - timedelta(days=1))], BOXES)


def constraint(**more: Any) -> Constraint:
    """An image constraint that denies; `more` are other fields."""
    fields = {"action": Enforcement.DENY, "total": 0, "audited": AUDITED, **more}
    return Constraint("lab", "K8sAzureV2ContainerAllowedImages", "azurepolicy-allowed-1", **fields)


def violation(message: str = "", **more: Any) -> Violation:
    """One pod that violates."""
    said = message or "Container image nginx:1.25 for container main has not been allowed."
    fields = {"kind": "Pod", "namespace": "shop", "name": "web-0", "action": Enforcement.DENY, **more}
    return Violation(message=said, **fields)


def answers(*constraints: Constraint) -> list[GateAnswer]:
    return [judgement.answer for judgement in ask(constraints, SUBJECT)]


# ---- is it meant?


@pytest.mark.parametrize(
    ("more", "meant"),
    [
        ({}, True),
        ({"kinds": ("Pod",)}, True),
        ({"kinds": ("Deployment",)}, True),
        ({"kinds": ("Ingress",)}, False),
        ({"namespaces": ("shop",)}, True),
        ({"namespaces": ("prod-*",)}, False),
        ({"namespaces": ("sh*",)}, True),
        ({"excluded_namespaces": ("shop",)}, False),
        ({"excluded_namespaces": ("*op",)}, False),
        ({"excluded_namespaces": ("*ho*",)}, False),
        ({"excluded_namespaces": ("kube-system",)}, True),
        ({"excluded_containers": ("main",)}, False),
        ({"exempt_images": ("nginx:1.25",)}, False),
        ({"exempt_images": ("nginx:*",)}, False),
        ({"exempt_images": ("nginx",)}, True),
    ],
)
def test_what_a_constraint_is_about(more: dict[str, Any], meant: bool) -> None:
    assert bool(answers(constraint(**more))) is meant


# ---- what does it say?


def test_a_pattern_is_evaluated_whatever_the_audit_lists() -> None:
    assert answers(constraint(images=ONLY_AZURE)) == [GateAnswer.REFUSED]
    assert answers(constraint(images=ONLY_AZURE, violations=(violation(),), total=1)) == [GateAnswer.REFUSED]
    # An audit that contradicts the pattern is old, or the template is not the one that it is taken for.
    assert answers(constraint(images="^nginx:", violations=(violation(),), total=1)) == [GateAnswer.UNKNOWN]


def test_a_pattern_of_what_is_refused() -> None:
    assert answers(constraint(forbidden=ONLY_AZURE)) == [GateAnswer.ADMITTED]
    assert answers(constraint(forbidden="^nginx:")) == [GateAnswer.REFUSED]
    assert answers(constraint(forbidden="^(")) == answers(constraint())


def test_a_gate_that_cannot_be_evaluated_is_named_and_unknown() -> None:
    opaque = constraint(opaque="The webhook a.b can refuse images.")
    assert answers(opaque) == [GateAnswer.UNKNOWN]
    answer = judged(opaque)
    assert (answer.state, answer.brief) == (State.UNKNOWN, "gate unknown")
    assert "The webhook a.b can refuse images." in answer.reason


def test_a_pattern_that_is_not_understood_leaves_it_to_the_audit() -> None:
    assert answers(constraint(images="(?=x)")) == [GateAnswer.ADMITTED]
    assert answers(constraint(images="(?=x)", violations=(violation(),), total=1)) == [GateAnswer.REFUSED]


def test_a_constraint_that_asks_for_labels_refuses_only_what_the_audit_says() -> None:
    assert answers(constraint(images=ONLY_AZURE, selective=True)) == [GateAnswer.ADMITTED]
    assert answers(constraint(images=ONLY_AZURE, selective=True, violations=(violation(),), total=1)) == [GateAnswer.REFUSED]


def test_a_cut_list_is_no_answer_and_says_how_it_was_cut() -> None:
    others = tuple(violation(name=f"other-{number}") for number in range(20))
    (judgement,) = ask([constraint(violations=others, total=37)], SUBJECT)
    assert judgement.answer is GateAnswer.UNKNOWN
    assert "only 20 of 37 violations" in judgement.sentence


@pytest.mark.parametrize(
    "more",
    [{"audited": None}, {"total": None}, {"audited": NOW - timedelta(days=2)}],
    ids=["never", "no total", "before it came"],
)
def test_an_audit_that_did_not_see_it_is_no_answer(more: dict[str, Any]) -> None:
    assert answers(constraint(**more)) == [GateAnswer.UNKNOWN]


@pytest.mark.parametrize(
    ("found", "answer"),
    [
        (violation(), GateAnswer.REFUSED),
        (violation(kind="Deployment", name="web"), GateAnswer.REFUSED),
        (violation('container <main> has an invalid image repo <nginx:1.25>, allowed repos are ["x"]'), GateAnswer.REFUSED),
        (violation("image is not signed"), GateAnswer.REFUSED),
        (violation("Container image redis:7 for container cache has not been allowed."), GateAnswer.ADMITTED),
        (violation("Subject failed verification: redis:7"), GateAnswer.ADMITTED),
        (violation(namespace="other"), GateAnswer.ADMITTED),
        (violation(name="web-1"), GateAnswer.ADMITTED),
    ],
    ids=[
        "its pod",
        "its workload",
        "as the library says it",
        "the whole pod",
        "another container",
        "another's image",
        "elsewhere",
        "another pod",
    ],
)
def test_whose_violation_it_is(found: Violation, answer: GateAnswer) -> None:
    assert answers(constraint(violations=(found,), total=1)) == [answer]


# ---- the check


def estate(*constraints: Constraint, state: SourceState = SourceState.OK, error: str = "", complete: bool = True) -> Snapshot:
    world = World()
    world.node("n1")
    app = world.manifest("docker.io/library/nginx", "nginx", "1.25")
    world.health(SourceId(SourceKind.ADMISSION, "lab"), state, error)
    if state is not SourceState.OFF:
        world.tell(ConstraintsListed(SourceId(SourceKind.ADMISSION, "lab"), "lab", constraints, NOW, complete))
    owner = world.deployment("shop/web", "nginx:1.25")
    world.pod("shop/web-0", running("nginx:1.25", f"docker.io/library/nginx@{app}"), owner=owner)
    return world.snapshot()


def judged(*constraints: Constraint, **more: Any) -> Check:
    return check(container(estate(*constraints, **more), "web"), CheckName.ADMISSION)


REFUSES, WARNS, AUDITS = (
    constraint(images=ONLY_AZURE, action=action) for action in (Enforcement.DENY, Enforcement.WARN, Enforcement.DRYRUN)
)


@pytest.mark.parametrize(
    ("constraints", "state", "brief"),
    [
        ((), State.PASS, ""),
        ((constraint(images="nginx"),), State.PASS, ""),
        ((REFUSES,), State.FAIL, "refused by the gate"),
        ((WARNS,), State.WARN, "gate warns"),
        ((AUDITS,), State.WARN, "gate would refuse"),
        ((AUDITS, REFUSES), State.FAIL, "refused by the gate"),
        ((constraint(images=ONLY_AZURE, action=Enforcement.SCOPED),), State.UNKNOWN, "gate unknown"),
        ((constraint(total=3),), State.UNKNOWN, "gate unknown"),
        ((constraint(total=3), REFUSES), State.FAIL, "refused by the gate"),
        ((constraint(total=3), WARNS), State.UNKNOWN, "gate unknown"),
    ],
)
def test_what_the_gate_would_do(constraints: tuple[Constraint, ...], state: State, brief: str) -> None:
    answer = judged(*constraints)
    assert (answer.state, answer.brief, answer.sources) == (state, brief, (SourceId(SourceKind.ADMISSION, "lab"),))


@pytest.mark.parametrize(
    ("more", "state", "reason"),
    [
        ({"unasked_namespaces": ("shop",), "unaudited_namespaces": ("shop",)}, State.OFF, "is not asked in shop"),
        ({"unasked_namespaces": ("*",), "unaudited_namespaces": ("*",), "images": "nginx"}, State.OFF, "is not asked in shop"),
        ({"unasked_namespaces": ("sh*",), "unaudited_namespaces": ("*op",), "images": ONLY_AZURE}, State.OFF, "is not asked"),
        ({"unasked_namespaces": ("shop",)}, State.OFF, "is not asked in shop"),
        ({"unasked_namespaces": ("shop",), "total": 7}, State.OFF, "is not asked in shop"),
        ({"unasked_namespaces": ("shop",), "images": ONLY_AZURE}, State.WARN, "as the rule only audits"),
        ({"unasked_namespaces": ("shop",), "violations": (violation(),), "total": 1}, State.WARN, "as the rule only audits"),
        ({"unaudited_namespaces": ("shop",)}, State.UNKNOWN, "is not audited in shop"),
        ({"unaudited_namespaces": ("shop",), "images": "nginx"}, State.PASS, "it meets the one rule"),
        ({"unaudited_namespaces": ("shop",), "images": ONLY_AZURE}, State.FAIL, "would refuse"),
        ({"unasked_namespaces": ("kube-*",), "unaudited_namespaces": ("kube-*",)}, State.PASS, "it meets the one rule"),
    ],
)
def test_a_namespace_that_gatekeeper_leaves_out_is_neither_admitted_nor_refused(
    more: dict[str, Any], state: State, reason: str
) -> None:
    """gatekeeper website/docs/exempt-namespaces.md: exclusions by process, with wildcards."""
    answer = judged(constraint(**more))
    assert (answer.state, reason in answer.reason) == (state, True), answer.reason


def test_what_another_gate_says_counts_where_gatekeeper_is_not_asked() -> None:
    unasked = constraint(unasked_namespaces=("shop",), unaudited_namespaces=("shop",))
    assert judged(unasked, constraint(opaque="The webhook a.b can refuse images.")).state is State.UNKNOWN


def test_a_rehearsal_leaves_out_where_the_gate_is_not_asked() -> None:
    unasked = constraint(
        images=ONLY_AZURE, action=Enforcement.DRYRUN, unasked_namespaces=("shop",), unaudited_namespaces=("shop",)
    )
    assert rehearse(estate(unasked)) == ()


def test_no_gate_is_no_question() -> None:
    answer = judged(state=SourceState.OFF, error="Gatekeeper is not installed.")
    assert (answer.state, answer.reason) == (State.OFF, "Gatekeeper is not installed.")


@pytest.mark.parametrize(
    "more",
    [
        {"state": SourceState.FAILED, "error": "HTTP 503"},
        {"state": SourceState.PARTIAL, "error": "may not list constraints"},
        {"complete": False},
    ],
)
def test_a_gate_that_was_not_read_whole_is_unknown(more: dict[str, Any]) -> None:
    answer = judged(**more)
    assert (answer.state, more.get("error", "") in answer.reason) == (State.UNKNOWN, True)


def test_what_part_of_a_gate_refuses_is_refused() -> None:
    assert judged(REFUSES, complete=False).state is State.FAIL
    assert judged(WARNS, complete=False).state is State.UNKNOWN


def test_an_image_answers_by_the_containers_that_run_it() -> None:
    found = estate(REFUSES)
    (key,) = container(found, "web").runs
    assert check(image(found, key.digest), CheckName.ADMISSION).state is State.FAIL
    assert check(image(found, key.digest), CheckName.ADMISSION).reason.startswith("The cluster would refuse a new pod of it.")


# ---- rehearsal


def test_a_rehearsal_shows_what_a_stricter_gate_would_refuse() -> None:
    found = rehearse(estate(AUDITS, REFUSES, constraint(images="nginx", action=Enforcement.WARN)))
    assert [(each.workload.name, each.container, each.judgement.answer) for each in found] == [
        ("web", "main", GateAnswer.REFUSED)
    ]
    assert found[0].judgement.action is Enforcement.DRYRUN


def test_a_rehearsal_says_what_it_cannot_know() -> None:
    (found,) = rehearse(estate(constraint(action=Enforcement.DRYRUN, total=3)))
    assert found.judgement.answer is GateAnswer.UNKNOWN


def test_nothing_to_rehearse() -> None:
    assert rehearse(estate(REFUSES)) == ()
    assert rehearse(estate(state=SourceState.OFF)) == ()

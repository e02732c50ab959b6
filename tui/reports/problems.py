"""What is not fine, one by one: the rows of reports that tools read (SARIF, JUnit, CSV)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from tui.domain.common.source_id import sources_text
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.snapshot.snapshot import Container, Image, Workload
from tui.presenters.phrases import image_name
from tui.presenters.words import short_hex
from tui.reports.document import Document, severity

__all__ = ["QUESTIONS", "START", "Problem", "bad", "full_name", "problems", "workload_place"]

START = "start"
"""The question that pods answer which cannot start."""
QUESTIONS: dict[str, str] = {
    CheckName.REGISTRY: "Does it come from a registry and repository that the policy trusts?",
    CheckName.SIGNATURE: "Is a signature present, and does it verify against the trust policy?",
    CheckName.SCAN: "Is there a recent scan, and does it pass?",
    CheckName.BASE: "Is it built on the newest build of its base, and is that base's system alive?",
    CheckName.IDENTITY: "Is what runs what the name says?",
    CheckName.AGE: "Is it young enough?",
    CheckName.ADMISSION: "Would the cluster's own gate refuse it?",
    START: "Can its pods start?",
}


class Problem(msgspec.Struct, frozen=True):
    """One check that does not pass: of an image, or of a container of a workload.

    `place` names exactly what is meant, `lasting` the same without what changes from build to build, `label` is for people;
    `pods` run it.
    """

    check: str
    state: State
    place: str
    lasting: str
    label: str
    pods: int
    reason: str
    remedy: str = ""
    rule: str = ""
    source: str = ""
    accepted: str = ""
    image: bool = True


def problems(document: Document) -> list[Problem]:
    """Everything that is not fine in what the report is about, worst and widest first."""
    judged = [*_of_images(document), *_of_workloads(document)]
    return sorted(judged, key=lambda problem: (-severity(problem.state), -problem.pods, problem.check, problem.place))


def workload_place(workload: Workload, container: Container) -> str:
    """A container by the key of its workload."""
    key = workload.key
    return "/".join(part for part in (key.cluster, key.namespace, key.kind, key.name, container.name) if part)


def full_name(image: Image) -> str:
    """The image by its registry, repository and tag, for people."""
    return f"{image.key.registry}/{image_name(image)}" if image.tags else str(image.name)


def bad(checks: Iterable[Check]) -> list[Check]:
    """The checks that do not pass, worst first."""
    failing = [check for check in checks if check.state.is_flaw]
    return sorted(failing, key=lambda check: -check.state.severity)


def _of_images(document: Document) -> Iterator[Problem]:
    for image in document.images():
        unknown = Check(CheckName.REGISTRY, State.UNKNOWN, image.absent or "Nothing is known of it.")
        label = f"{full_name(image)}@{short_hex(image.key.digest)}"
        for check in bad(image.checks or (unknown,)):
            yield _problem(check, (image.key.reference, str(image.name), label), document.pods_of_image(image), image=True)


def _of_workloads(document: Document) -> Iterator[Problem]:
    for workload in document.workloads():
        for container in workload.containers:
            names = (workload_place(workload, container),) * 3
            pods = document.pods_in(container, workload)
            for check in bad(container.checks):
                yield _problem(check, names, pods, image=False)
            if container.trouble:
                yield Problem(START, State.FAIL, *names, pods, container.trouble, image=False)


def _problem(check: Check, names: tuple[str, str, str], pods: int, *, image: bool) -> Problem:
    remedy, rule, source, accepted = check.remedy, check.rule, sources_text(check.sources), check.accepted
    return Problem(check.name, check.state, *names, pods, check.reason, remedy, rule, source, accepted, image)

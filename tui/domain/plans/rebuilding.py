"""The plan that clears outdated bases: rebuilds, a base before what derives from it, then the workloads that take them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from datetime import datetime

import msgspec

from tui.domain.common.credential_names import names_credential
from tui.domain.common.redaction import redact
from tui.domain.common.text import clean, full_stop
from tui.domain.facts.build import Job
from tui.domain.plans import commands
from tui.domain.plans.builders import ChosenJob, NoJob, choose_job, job_title
from tui.domain.plans.expected import expected_seconds
from tui.domain.plans.forecast import forecast
from tui.domain.plans.needs import Condition, Needs, RebuildIndex, RebuildNode, condition, needs_of
from tui.domain.plans.plan import Action, Plan, Precondition, Step, StepKind
from tui.domain.plans.redeploying import NewImage, redeploy_steps
from tui.domain.plans.running_jobs import JobRun, in_waves
from tui.domain.plans.superseded import tags_pushed_instead
from tui.domain.plans.words import image_title, make_plan, repository_title, several, step_id
from tui.domain.registries.public import PUBLIC
from tui.domain.snapshot.snapshot import ImageKey, Snapshot

__all__ = ["rebuild"]


def rebuild(
    snapshot: Snapshot,
    selection: Iterable[ImageKey],
    *,
    query: str,
    now: datetime,
    derived: bool = True,
    index: RebuildIndex | None = None,
) -> Plan:
    """The fewest rebuilds and redeploys after which the selected images, and with `derived` what stands on them, are clean.

    `selection` are images or bases; `query` is how they were asked for, in words of the operator. `index` is the
    snapshot's, where it was made before.
    """
    needs = needs_of(index or RebuildIndex(snapshot), selection, derived=derived)
    steps = _Rebuilds(snapshot, needs).steps()
    new = {old: _new_image(snapshot, target, steps) for old, target in needs.covered.items()}
    redeploys = redeploy_steps(snapshot, new, {step.id: step for step in steps.values()})
    ordered = tuple({(step := steps[node.key]).id: step for node in needs.nodes}.values())
    notes = (*needs.notes, *redeploys.notes)
    plan = make_plan(
        snapshot, Action.REBUILD, query, now, (*ordered, *redeploys.steps), notes, (*needs.unknown, *redeploys.unknown)
    )
    cleared = frozenset([image for step in plan.ready if step.kind is StepKind.REBUILD for image in _images(step)])
    behind = frozenset(node.key for node in needs.nodes if node.base_outdated)
    return msgspec.structs.replace(plan, forecast=forecast(snapshot, needs.covered, cleared, behind, query=query))


def _images(step: Step) -> tuple[ImageKey, ...]:
    return (step.image, *step.also) if step.image is not None else step.also


def _new_image(snapshot: Snapshot, target: ImageKey, steps: Mapping[ImageKey, Step]) -> NewImage:
    step = steps.get(target)
    if step is None:
        return NewImage(target, condition(snapshot.images[target]) is Condition.CLEAN)
    return NewImage(target, False, step.id, snapshot.jobs.get(step.job) if step.job is not None else None)


class _Rebuilds:
    """One step for each run: a job is run once for all images that it builds."""

    def __init__(self, snapshot: Snapshot, needs: Needs) -> None:
        self._snapshot, self._needs = snapshot, needs
        self._jobs = {node.key: choose_job(snapshot, node.key) for node in needs.nodes}
        self._hindrances: dict[ImageKey, tuple[str, str]] = {}

    def steps(self) -> dict[ImageKey, Step]:
        """The step that rebuilds each image."""
        runs = in_waves(self._needs.nodes, self._run_of)
        ids = {node.key: self._id(run.nodes[0]) for run in runs for node in run.nodes}
        steps: dict[ImageKey, Step] = {}
        for run in runs:
            step = self._step(run, ids)
            for node in run.nodes:
                steps[node.key] = step
        return steps

    def _run_of(self, node: RebuildNode) -> Hashable:
        """What is equal for images that one run builds: a job that is run twice in the same way does the same."""
        chosen = self._jobs[node.key]
        if isinstance(chosen, NoJob) or self._blocked(node, chosen)[0]:
            return node.key
        return chosen.job.key

    def _blocked(self, node: RebuildNode, chosen: ChosenJob) -> tuple[str, str]:
        """Why a rebuild would change nothing, and what would; found out once for each image."""
        hindrance = self._hindrances.get(node.key)
        if hindrance is None:
            hindrance = self._hindrances[node.key] = _blocked(self._snapshot, node, chosen)
        return hindrance

    def _id(self, node: RebuildNode) -> str:
        key = node.key
        return step_id(StepKind.REBUILD, key.registry, key.repository, key.digest)

    def _step(self, run: JobRun, ids: Mapping[ImageKey, str]) -> Step:
        nodes = run.nodes
        node, chosen = nodes[0], self._jobs[nodes[0].key]
        target = image_title(self._snapshot, node.key)
        if len(nodes) > 1:
            target = several([image_title(self._snapshot, member.key) for member in nodes])
        needs = dict.fromkeys([ids[key] for member in nodes for key in member.prerequisites])
        needs.pop(ids[node.key], None)
        step = Step(
            id=ids[node.key],
            kind=StepKind.REBUILD,
            target=target,
            what="",
            why=self._why(node),
            image=node.key,
            also=tuple([member.key for member in nodes[1:]]),
            needs=tuple(needs),
            wave=run.wave,
            leaves=("It restarts nothing by itself.",),
            preconditions=self._preconditions(node),
        )
        if isinstance(chosen, NoJob):
            return _by_nobody(step, chosen, node)
        return _by(step, chosen, self._blocked(node, chosen), self._snapshot, node)

    def _why(self, node: RebuildNode) -> str:
        image = self._snapshot.images[node.key]
        if image.base is not None and image.base.state_reason and condition(image) is not Condition.CLEAN:
            return full_stop(clean(image.base.state_reason, 400))
        if mended := len([row for row in image.vulnerabilities if row.rebuild]):
            return f"The newest build of its base removes {mended} of its vulnerabilities."
        return "Its base is rebuilt first." if node.prerequisites else "Whether it is up to date is not known."

    def _preconditions(self, node: RebuildNode) -> tuple[Precondition, ...]:
        tags = self._snapshot.images[node.key].tags
        return (Precondition(f"tag {clean(tags[0], 128)}", node.key.digest),) if tags else ()


def _by(step: Step, chosen: ChosenJob, hindrance: tuple[str, str], snapshot: Snapshot, node: RebuildNode) -> Step:
    """The step, with the job that carries it out."""
    job, (blocked, remedy) = chosen.job, hindrance
    shown = _shown(job)
    return msgspec.structs.replace(
        step,
        what=f"Runs {job_title(job)} on {clean(job.key.builder, 120)}{_given_words(job, shown)}. {chosen.attribution.note}",
        job=job.key,
        seconds=expected_seconds(runs) if (runs := snapshot.runs.get(job.key)) else None,
        warnings=(*_warnings(node), *chosen.warnings),
        blocked=blocked or chosen.blocked,
        remedy=remedy or ("Enable the job at its builder, then plan again." if chosen.blocked else ""),
        parameters=shown,
        commands=commands.run_job(job, shown),
    )


def _shown(job: Job) -> tuple[tuple[str, str], ...]:
    """The parameters that the settings have it run with, but for what looks like a secret: that is sent all the same."""
    if not job.configured:
        return ()
    return tuple((name, value) for name, value in job.configured if not names_credential(name) and redact(value) == value)


def _given_words(job: Job, shown: tuple[tuple[str, str], ...]) -> str:
    """The branch and the parameters, as the settings name them."""
    if not job.configured and not job.ref:
        return ""
    values = dict(shown)
    pairs = [f"{clean(name, 60)}={clean(values[name], 100)}" if name in values else clean(name, 60) for name, _ in job.configured]
    branch = f", branch {clean(job.ref, 100)}" if job.ref else ""
    return f"{branch}, with {several(pairs)}" if pairs else branch


def _by_nobody(step: Step, chosen: NoJob, node: RebuildNode) -> Step:
    """The step, which nobody knows how to carry out."""
    if step.image is not None and step.image.registry in PUBLIC:
        return msgspec.structs.replace(
            step, what="Waits for its publisher.", blocked="Only its publisher can rebuild it.", remedy="Build on another image."
        )
    effect = "Rebuilds it, once it is known which job does."
    return msgspec.structs.replace(step, what=effect, blocked=chosen.reason, remedy=chosen.remedy, warnings=_warnings(node))


def _blocked(snapshot: Snapshot, node: RebuildNode, chosen: ChosenJob) -> tuple[str, str]:
    """Why a rebuild would change nothing, and what would."""
    if tags := tags_pushed_instead(snapshot, node.key, chosen):
        tag = tags[0]
        return f"Its job pushes {several(tags)} now, not this tag.", (
            f"Let what runs it name {tag}, and roll that out; or let the job push this tag again."
        )
    if node.fixed_tag:
        new = clean(node.fixed_tag, 128)
        return f"It is built from a tag that does not move: a rebuild would be built on the same build. {new} is newer.", (
            f"Change its FROM line to the tag {new}, then rebuild it."
        )
    if node.base_outdated and node.same_base:
        base = repository_title(node.stands_on) if node.stands_on is not None else "its base"
        return f"{base} is built on an old base itself, and only its publisher can rebuild it: a rebuild changes nothing yet.", (
            f"Wait for a new build of {base}, or build on another base."
        )
    return "", ""


def _warnings(node: RebuildNode) -> tuple[str, ...]:
    if node.base_outdated and not node.same_base and node.stands_on is not None:
        return (f"{repository_title(node.stands_on)} is built on an old base itself: some findings stay.",)
    if node.stands_on is None:
        return ("Which build of its base it will be built on is not known.",)
    return ()

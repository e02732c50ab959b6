"""A workload, stage by stage: read again, changed once on condition of what was seen, and followed until it has converged."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tui.actions.adopting import Adoption, adoption_of
from tui.actions.audit import AuditEvent
from tui.actions.converge import RolloutGoal, converge, is_made, stall_of
from tui.actions.ledger import Ledger
from tui.actions.outside import Outside
from tui.actions.planning import CHANGES
from tui.actions.recheck import Confirm, differences
from tui.actions.sending import Answer, deny_for_missing, deny_or_fail, send
from tui.actions.transitions import Proof, Signal, Stage
from tui.actions.verify import Awaited, Refuted, Verdict, same_content, tag_holder
from tui.actions.waiting import await_verdict, minutes
from tui.domain.common.text import clean, full_stop, short
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.rights import RightState
from tui.domain.facts.rollout import Receipt, RolloutState, WorkloadChange
from tui.domain.plans.gitops import HELM
from tui.domain.plans.plan import Step, StepKind
from tui.errors import NotFound, SourceError
from tui.sources.acting_ports import Redeployer

__all__ = ["Redeploying"]

_IN_GIT = "Change the image in Git."


class Redeploying:
    """One change of a workload; each method carries it through one stage."""

    def __init__(self, step: Step, ledger: Ledger, outside: Outside, confirm: Confirm | None) -> None:
        self._step, self._ledger, self._outside, self._confirm = step, ledger, outside, confirm
        self._clock, self._limits = outside.clock, outside.limits
        self._seen: RolloutState | None = None

    async def carry(self, stage: Stage) -> None:
        """Carry it through a stage in which it is."""
        match stage:
            case Stage.PLANNED:
                await self._recheck()
            case Stage.RECHECKED:
                await self._send()
            case Stage.SENDING:
                await self._look_up()
            case _:
                await self._converge()

    @property
    def _redeployer(self) -> Redeployer | None:
        key = self._step.workload
        return self._outside.redeployers.get(key.cluster) if key is not None else None

    async def _fail(self, sentence: str, remedy: str = "") -> None:
        await self._ledger.move(self._step, Signal.FAIL, sentence=sentence, remedy=remedy)

    # ---- what is wanted

    def _wanted(self) -> RolloutGoal:
        """What the step wants of the workload, by what is known now."""
        step, record = self._step, self._ledger[self._step]
        if step.kind is StepKind.SCALE_TO_ZERO:
            return RolloutGoal(replicas=0)
        digest, digests = self._new_digest(), dict(self._digests())
        if step.kind is StepKind.RESTART:
            sent = record.sent.replace(microsecond=0) if record.sent is not None else None
            return RolloutGoal(digests=digests, restarted_at=record.restarted or sent)
        image = step.new_image if "@" in step.new_image else f"{step.new_image or self._name}@{digest}" if digest else ""
        return RolloutGoal(digests=digests, images=dict.fromkeys(step.containers, image) if image else {})

    @property
    def _name(self) -> RepositoryName:
        """The repository of the image that is to run."""
        text, _, _ = self._step.new_image.partition("@")
        registry, slash, path = text.partition("/")
        if slash:
            repository, _, _ = path.partition(":")
            return RepositoryName(registry, repository)
        key = self._step.image
        return key.name if key is not None else RepositoryName("", "")

    def _new_digest(self) -> str:
        """What is to run: the digest that the step names, what the rebuild before it pushed, or what the tag names now."""
        digest = self._step.new_image.partition("@")[2]
        if digest:
            return digest
        pushed = self._ledger.pushed_for(self._step)
        same = [image for image in pushed if image.key == self._step.image] or [
            image for image in pushed if image.key.name == self._name
        ]
        if same:
            return same[0].digest
        return self._tagged_digest()

    def _pushed_at(self) -> datetime | None:
        """When the last run ended of the rebuilds that it needs; None where it needs none, or nobody tells."""
        runs = [record.run for record in self._ledger.needed_by(self._step)]
        return max((run.finished for run in runs if run is not None and run.finished is not None), default=None)

    def _digests(self) -> Iterable[tuple[str, frozenset[str]]]:
        """What the pods may run, by container: where one restart is for several images, each its own."""
        snapshot, key, new = self._outside.estate.snapshot, self._step.workload, self._new_digest()
        workload = snapshot.workloads.get(key) if key is not None else None
        names = {container.name: container.name_of for container in workload.containers} if workload is not None else {}
        for container in self._step.containers:
            name = names.get(container) or self._name
            others = [image.digest for image in self._ledger.pushed_for(self._step) if image.key.name == name]
            digest = new if name == self._name else others[0] if len(others) == 1 else ""
            yield container, same_content(snapshot, name, digest) if digest else frozenset()

    def _tagged_digest(self) -> str:
        snapshot, key = self._outside.estate.snapshot, self._step.workload
        workload = snapshot.workloads.get(key) if key is not None else None
        containers = (
            [candidate for candidate in workload.containers if candidate.name in self._step.containers]
            if workload is not None
            else []
        )
        digests = {container.declared.digest for container in containers if container.declared is not None}
        if len(digests) == 1:
            return digests.pop()
        tag = self._step.new_image.rpartition("/")[2].partition(":")[2]
        holder = tag_holder(snapshot, self._name, tag) if tag else None
        return holder.key.digest if holder is not None else ""

    # ---- planned -> rechecked

    async def _recheck(self) -> None:
        """Is the object still as planned, may we change it, and does what it is to run exist?"""
        step, redeployer, change = self._step, self._redeployer, CHANGES[self._step.kind]
        if redeployer is None or step.workload is None:
            await self._fail(step.blocked or "Its cluster may not be changed from here. Nothing was sent.", step.remedy)
            return
        try:
            state = await redeployer.read(step.workload)
            missing = [right for right in await redeployer.rights(step.workload, change) if right.state is RightState.MISSING]
        except SourceError as error:
            await deny_or_fail(self._ledger, step, error)
            return
        obstacle = state.obstacle(change)
        made, now = self._ledger.execution.plan.made, self._clock.now()
        if adoption := adoption_of(step, self._wanted(), state, made, now, self._pushed_at()):
            await self._adopt(state, adoption)
        elif missing:
            await deny_for_missing(self._ledger, step, missing)
        elif obstacle:
            await self._fail(f"{full_stop(obstacle)} Nothing was sent.")
        elif change is WorkloadChange.PIN and state.owner is not None and state.owner.undoes_pin:
            sentence = f"{state.owner.name} owns {clean(step.target, 100)} and would undo it. Nothing was sent."
            remedy = "Set the image in the values of its chart, and helm upgrade." if state.owner.name == HELM else _IN_GIT
            await self._fail(sentence, remedy)
        elif change is not WorkloadChange.SCALE and not self._new_digest():
            sentence = "Which digest it is to run is not known. Nothing was sent."
            await self._fail(sentence, "Make the registry readable, then plan again.")
        elif step.kind is StepKind.RESTART and (moved := self._moved()):
            await self._ledger.move(step, Signal.CHANGE, sentence=moved, remedy="Make a new plan.")
        else:
            await self._checked(state)

    def _moved(self) -> str:
        """Whether a restart would pull something else than what it is for: the tag in the template names another image."""
        snapshot, key, digest = self._outside.estate.snapshot, self._step.workload, self._new_digest()
        workload = snapshot.workloads.get(key) if key is not None else None
        new = same_content(snapshot, self._name, digest)
        for container in workload.containers if workload is not None else ():
            declared = container.declared if container.name_of == self._name else None
            if container.name in self._step.containers and declared is not None and declared.digest not in new:
                return f"{clean(container.image, 120)} names {short(declared.digest)}, not {short(digest)}. Nothing was sent."
        return ""

    async def _adopt(self, state: RolloutState, adoption: Adoption) -> None:
        """Follow what somebody else does with the same intent: doing it once more would replace every pod once more."""
        self._seen, restarted = state, adoption.restarted
        await self._ledger.move(
            self._step, Signal.ACCEPTED, adopted=True, restarted=restarted, sentence=adoption.words, before=_written(state)
        )
        await self._ledger.answered(AuditEvent.ADOPTED, self._step, adoption.words)

    async def _checked(self, state: RolloutState) -> None:
        changed = differences(self._step, state)
        if changed and (self._confirm is None or not await self._confirm(self._step, changed)):
            sentence = f"It is not as planned any more. {' '.join(changed)} Nothing was sent."
            await self._ledger.move(self._step, Signal.CHANGE, sentence=sentence, remedy="Make a new plan.")
            return
        self._seen = state
        await self._ledger.move(self._step, Signal.CHECKED, sentence="It was checked again.", before=_written(state))

    # ---- rechecked -> sending -> rolling

    async def _send(self) -> None:
        state, redeployer = self._seen, self._redeployer
        if redeployer is None:
            await self._fail("Its cluster may not be changed from here. Nothing was sent.")
        elif state is None:  # another run of the program had checked it
            await self._recheck()
        else:
            sent = await send(self._ledger, self._clock, self._step, lambda: self._change(redeployer, state), _described)
            self._seen = None
            if sent.answer is Answer.DONE:
                await self._ledger.move(self._step, Signal.ACCEPTED, sentence="The API server has taken the change.")

    async def _change(self, redeployer: Redeployer, planned: RolloutState) -> Receipt:
        goal = self._wanted()
        match self._step.kind:
            case StepKind.RESTART:
                restart_at = goal.restarted_at
                assert restart_at is not None  # it is on disk that it is about to be sent
                return await redeployer.restart(planned, restart_at)
            case StepKind.SCALE_TO_ZERO:
                return await redeployer.scale(planned, 0)
            case _:
                return await redeployer.pin(planned, goal.images)

    async def _look_up(self) -> None:
        """Nobody knows whether it was changed: the object says so. It is never sent again."""
        key, redeployer = self._step.workload, self._redeployer
        end, problem, state = self._clock.monotonic() + self._limits.look_up, "", None
        while redeployer is not None and key is not None:
            self._ledger.note(self._step, "No answer came; the object is read.")
            try:
                state, problem = await redeployer.read(key), ""
            except SourceError as error:
                problem = full_stop(error.headline)
            if (state is not None and is_made(self._wanted(), state)) or self._clock.monotonic() >= end:
                break
            await self._clock.sleep(self._limits.look)
        if state is not None and is_made(self._wanted(), state):
            await self._ledger.answered(AuditEvent.FOUND, self._step, "The object has the change.")
            await self._ledger.move(self._step, Signal.ACCEPTED, sentence="The object has the change, though no answer came.")
            return
        reason = problem or "The object does not have the change."
        sentence = f"No answer came, and it is not known whether the change was made. {reason}"
        await self._ledger.answered(AuditEvent.NOT_FOUND, self._step, sentence)
        await self._ledger.move(self._step, Signal.LOSE, sentence=sentence, remedy="Look at the object, then make a new plan.")

    # ---- rolling -> converged

    async def _converge(self) -> None:
        limit = self._limits.rollout
        verdict = await await_verdict(self._ledger, self._clock, self._step, self._ask, self._limits.look, limit)
        record = self._ledger[self._step]
        if isinstance(verdict, Proof) and self._step.kind is StepKind.RESTART and self._owner:
            watched = f"Whether {self._owner} undoes the restart is watched for {minutes(self._limits.undone)}."
            self._ledger.note(self._step, f"{full_stop(verdict.words)} {watched}")
            await self._clock.sleep(self._limits.undone)
            verdict = await self._ask()
        match verdict:
            case Proof():
                await self._ledger.move(
                    self._step, Signal.PROVEN_PODS, proofs=(*record.proofs, verdict), sentence=verdict.words, remedy=""
                )
            case Refuted():
                await self._fail(verdict.sentence, verdict.remedy)
            case Awaited():
                # What holds a rollout up is known not to have arrived; without a reason it may yet, or be done already.
                stall = stall_of(self._seen) if self._seen is not None else None
                signal = Signal.FAIL if verdict.absent or stall is not None else Signal.LOSE
                remedy = stall.remedy if stall is not None else "kubectl describe shows its events."
                sentence = f"Waited {minutes(limit)} for {full_stop(verdict.words.removesuffix(remedy).rstrip())}"
                await self._ledger.move(self._step, signal, sentence=sentence, remedy=remedy)

    @property
    def _owner(self) -> str:
        """Who writes the object, and may undo what is done to it; empty where nobody does."""
        return self._seen.owner.name if self._seen is not None and self._seen.owner is not None else ""

    async def _ask(self) -> Verdict:
        key, redeployer, goal = self._step.workload, self._redeployer, self._wanted()
        if key is None or redeployer is None:
            return Awaited("its cluster to be asked")
        try:
            self._seen = state = await redeployer.read(key)
        except NotFound:
            return Refuted(f"{clean(self._step.target, 100)} is gone.", "Find out who deleted it.")
        except SourceError as error:
            return Awaited(f"its cluster: {error.headline}")
        return converge(self._step, self._ledger[self._step], goal, state, self._clock.now())


def _written(state: RolloutState) -> str:
    return ", ".join(f"{container.name}={container.image}" for container in state.containers)


def _described(receipt: Receipt) -> tuple[str, tuple[str, ...]]:
    words = "It already was as planned." if receipt.unchanged else f"generation {receipt.generation}"
    return words, (receipt.request,) if receipt.request else ()

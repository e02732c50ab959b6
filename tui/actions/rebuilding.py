"""A rebuild, stage by stage: its job is asked again, run once, followed, and what it pushed is proven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from msgspec import structs

from tui.actions.audit import AuditEvent
from tui.actions.ledger import Ledger
from tui.actions.outside import Outside
from tui.actions.sending import Answer, deny_for_missing, deny_or_fail, mark_of, send
from tui.actions.transitions import Proof, Replaced, Signal, Stage
from tui.actions.verify import Awaited, RebuiltImage, Refuted, image_of, joined, tag_holder, verify
from tui.actions.waiting import await_verdict, minutes
from tui.domain.common.text import clean, full_stop, listed, short
from tui.domain.facts.build import Run, RunState
from tui.domain.facts.demand import Demand, Priority
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.rights import RightState
from tui.domain.plans.plan import Step, StepKind
from tui.domain.snapshot.snapshot import ImageKey
from tui.errors import NotFound, SourceError
from tui.sources.kit.request_ids import collected_ids
from tui.sources.ports import Builder, Trigger

__all__ = ["Rebuilding"]

CLOCKS = timedelta(minutes=5)
"""By so much a builder's clock may differ from ours when a lost run is looked for."""
_GREEN = {
    Stage.FOLLOWING: Signal.PROVEN_PUSH,
    Stage.PUSHED: Signal.PROVEN_BASE,
    Stage.ON_BASE: Signal.PROVEN_PLATFORMS,
    Stage.COMPLETE: Signal.PROVEN_SIGNATURE,
    Stage.SIGNED: Signal.PROVEN_SCAN,
}
_LOOK_AT_ITS_LOG = "Look at its log."
_MOST_GONE = 5
_TAG = "tag "
"""How a plan's condition on a tag begins."""


class Rebuilding:
    """One rebuild of a plan; each method carries it through one stage."""

    def __init__(self, step: Step, ledger: Ledger, outside: Outside, steps: Mapping[str, Step]) -> None:
        self._step, self._ledger, self._outside, self._steps = step, ledger, outside, steps
        self._clock, self._limits = outside.clock, outside.limits
        self._is_checked = False
        self._pushed: tuple[Replaced, ...] = ()

    async def carry(self, stage: Stage) -> None:
        """Carry it through a stage in which it is."""
        match stage:
            case Stage.PLANNED:
                await self._recheck()
            case Stage.RECHECKED if not self._is_checked:  # another run of the program had checked it
                await self._recheck()
            case Stage.RECHECKED:
                self._is_checked = False
                await self._send()
            case Stage.SENDING:
                await self._look_up()
            case Stage.FOLLOWING if not self._succeeded:
                await self._follow()
            case _:
                await self._prove(stage)

    async def cancel(self) -> None:
        """Ask for its run to end. Raises SourceError."""
        record, builder = self._ledger[self._step], self._builder
        if record.run is None or builder is None or record.run.state.ended:
            return
        self._ledger.note(self._step, "is being cancelled", cancel_asked=True)
        await self._ledger.answered(AuditEvent.SENDING, self._step, f"Cancel run {clean(record.run.id, 60)}.")
        if self._ledger.fault is not None:
            return
        with collected_ids() as ids:
            try:
                await builder.cancel(record.run)
            except SourceError as error:
                await self._ledger.answered(AuditEvent.REFUSED, self._step, f"Cancel: {error.headline}", tuple(ids))
                self._ledger.note(self._step, full_stop(error.headline))
            else:
                words = f"Run {clean(record.run.id, 60)} was asked to end."
                await self._ledger.answered(AuditEvent.DONE, self._step, words, tuple(ids))

    @property
    def _builder(self) -> Builder | None:
        job = self._step.job
        return self._outside.builders.get((job.kind, job.builder)) if job is not None else None

    @property
    def _trigger(self) -> Trigger:
        job = self._step.job
        assert job is not None  # _recheck ended the step otherwise
        return Trigger(job, mark_of(self._ledger.execution.plan.id, self._step.id), dict(self._step.parameters))

    @property
    def _images(self) -> tuple[ImageKey, ...]:
        """The images that the run is to push anew."""
        return (*((self._step.image,) if self._step.image is not None else ()), *self._step.also)

    @property
    def _succeeded(self) -> bool:
        run = self._ledger[self._step].run
        return run is not None and run.state is RunState.SUCCEEDED

    async def _fail(self, sentence: str, remedy: str = "") -> None:
        await self._ledger.move(self._step, Signal.FAIL, sentence=sentence, remedy=remedy)

    # ---- planned -> rechecked

    async def _recheck(self) -> None:
        """Is the job still there and free, may we run it, does the tag still name what is to be replaced, does it run already?"""
        step, builder = self._step, self._builder
        if step.job is None or builder is None or step.image is None:
            await self._fail(step.blocked or "No builder for it is available. Nothing was sent.", step.remedy)
            return
        try:
            job = await builder.describe(step.job)
            missing = [right for right in await builder.rights(step.job) if right.state is RightState.MISSING]
            since = self._ledger.execution.plan.made
            later = self._not_of_others(await builder.look_up(self._trigger, since))
            started = [run for run in later if _counts(run, self._images)]
        except NotFound as error:
            await self._fail(f"Its job is gone: {full_stop(error.headline)} Nothing was sent.", error.remedy)
            return
        except SourceError as error:
            await deny_or_fail(self._ledger, step, error)
            return
        if job.disabled:
            await self._fail(f"{clean(job.name, 80)} cannot be run: {full_stop(job.disabled)} Nothing was sent.")
        elif missing and not started:
            await deny_for_missing(self._ledger, step, missing)
        elif moved := self._moved(started):
            await self._ledger.move(step, Signal.CHANGE, sentence=moved, remedy="Make a new plan.")
        elif len(started) > 1:
            runs = listed([clean(run.id, 40) for run in started[:5]])
            sentence = f"Several runs of {clean(job.name, 80)} have started since the plan was made: {runs}. Nothing was sent."
            await self._ledger.move(step, Signal.CHANGE, sentence=sentence, remedy="Wait for them, then make a new plan.")
        else:
            await self._begin(started)

    async def _begin(self, started: list[Run]) -> None:
        """What is to be replaced is remembered, as it may be gone later; a run that is there already is followed."""
        replaced = tuple(map(self._replaced, self._images))
        if not started:
            self._is_checked = True
            await self._ledger.move(self._step, Signal.CHECKED, sentence="It was checked again.", replaced=replaced)
            return
        run = started[0]
        words = f"Run {clean(run.id, 60)}, which was there already, is followed instead of another being started."
        await self._ledger.move(self._step, Signal.STARTED, run=run, adopted=True, sentence=words, replaced=replaced)
        await self._ledger.answered(AuditEvent.ADOPTED, self._step, words)

    def _replaced(self, key: ImageKey) -> Replaced:
        image = self._outside.estate.snapshot.images.get(key)
        tag = _tag_of(self._step) if key == self._step.image else ""  # a run that is followed may have moved it already
        tags = tuple(dict.fromkeys((*(image.tags if image is not None else ()), *((tag,) if tag else ()))))
        if image is None:
            return Replaced(key, tags)
        return Replaced(key, tags, image.platforms, image.base.base if image.base is not None else None)

    def _moved(self, started: Sequence[Run]) -> str:
        """Whether what is to be replaced is already replaced, and not by a run that is followed: its tag names something else."""
        key, snapshot = self._step.image, self._outside.estate.snapshot
        image = snapshot.images.get(key) if key is not None else None
        tag = _tag_of(self._step)
        if key is None or not tag or (image is not None and tag in image.tags):
            return ""
        holder = tag_holder(snapshot, key.name, tag)
        pushed = {(built.name, built.digest) for run in started for built in run.images or ()}
        if holder is None or holder.key == key or any((key.name, digest) in pushed for digest in holder.digests):
            return ""
        return f"{clean(tag, 60)} names {short(holder.key.digest)} now, and not what the plan was made for. Nothing was sent."

    # ---- rechecked -> sending -> following

    async def _send(self) -> None:
        builder = self._builder
        if builder is None:
            await self._fail("No builder for it is available. Nothing was sent.")
            return
        trigger = self._trigger
        sent = await send(self._ledger, self._clock, self._step, lambda: builder.trigger(trigger), _described)
        if sent.answer is Answer.DONE and sent.value is not None:
            await self._ledger.move(self._step, Signal.STARTED, run=sent.value, sentence=_state_words(sent.value))

    async def _look_up(self) -> None:
        """It was sent, or about to be, and nobody knows what became of it: it is looked for, and never sent again."""
        builder, record = self._builder, self._ledger[self._step]
        remedy = "Look at the builder whether it runs. Then make a new plan."
        if builder is None or record.sent is None:
            await self._ledger.move(self._step, Signal.LOSE, sentence="Whether it was sent is not known.", remedy=remedy)
            return
        end, problem, runs = self._clock.monotonic() + self._limits.look_up, "", list[Run]()
        while True:
            self._ledger.note(self._step, "No answer came; the run is looked for.")
            try:
                runs = self._not_of_others(await builder.look_up(self._trigger, record.sent - CLOCKS))
                problem = ""
            except SourceError as error:
                problem = full_stop(error.headline)
            if runs or self._clock.monotonic() >= end:
                break
            await self._clock.sleep(self._limits.look)
        await self._found(runs, problem, remedy)

    def _not_of_others(self, runs: Sequence[Run]) -> list[Run]:
        """Without those of other steps of the plan: one job may run for each of several images."""
        records = (self._ledger[step] for name, step in self._steps.items() if name != self._step.id)
        others = {(record.run.kind, record.run.builder, record.run.id) for record in records if record.run is not None}
        return [run for run in runs if (run.kind, run.builder, run.id) not in others]

    async def _found(self, runs: list[Run], problem: str, remedy: str) -> None:
        if len(runs) == 1:
            await self._ledger.answered(AuditEvent.FOUND, self._step, _state_words(runs[0]))
            await self._ledger.move(self._step, Signal.STARTED, run=runs[0], sentence=_state_words(runs[0]))
            return
        if runs:
            names = listed([clean(run.id, 40) for run in runs[:5]])
            sentence = f"No answer came, and several runs may be the one: {names}."
        else:
            sentence = f"No answer came, and no run was found: it may have been started or not. {problem}".rstrip()
        await self._ledger.answered(AuditEvent.NOT_FOUND, self._step, sentence)
        await self._ledger.move(self._step, Signal.LOSE, sentence=sentence, remedy=remedy)

    # ---- following

    async def _follow(self) -> None:
        """Look at the run until it has ended; that it cannot be asked for a while says nothing of it.

        A builder that answers, and does not know for as long as a lost send is looked for, will not know later either.
        """
        builder, end = self._builder, self._clock.monotonic() + self._limits.follow
        self._outside.estate.look_at_runs()
        problem, not_found = "", 0
        untold: float | None = None
        while (run := self._ledger[self._step].run) is not None and not run.state.ended:
            now = self._clock.monotonic()
            untold = None if run.state is not RunState.UNKNOWN else now if untold is None else untold
            is_lost = not_found >= _MOST_GONE or (untold is not None and now - untold >= self._limits.look_up)
            if builder is None or now >= end or is_lost:
                reason = problem or full_stop(clean(run.detail, 400)) if is_lost else problem
                reason = reason or f"It has not ended within {minutes(self._limits.follow)}."
                sentence = f"What became of run {clean(run.id, 60)} is not known. {reason}"
                await self._ledger.move(self._step, Signal.LOSE, sentence=sentence, remedy=_look_at(run))
                return
            try:
                run, problem, not_found = await builder.follow(run), "", 0
            except SourceError as error:
                problem, not_found = full_stop(error.headline), not_found + isinstance(error, NotFound)
                self._ledger.note(self._step, f"Run {clean(run.id, 60)} cannot be asked: {problem}", remedy=error.remedy)
            else:
                self._ledger.note(self._step, _state_words(run), run=run, remedy="")
            if not run.state.ended:
                await self._clock.sleep(self._limits.look)
        if run is not None:
            await self._ended(run)

    async def _ended(self, run: Run) -> None:
        self._outside.estate.look_at_runs()
        detail = f" {full_stop(clean(run.detail, 400))}" if run.detail else ""
        match run.state:
            case RunState.FAILED:
                await self._fail(f"Run {clean(run.id, 60)} failed.{detail}", _look_at(run))
            case RunState.CANCELLED if self._ledger[self._step].cancel_asked:
                await self._ledger.move(self._step, Signal.CANCEL, sentence=f"Run {clean(run.id, 60)} was cancelled by you.")
            case RunState.CANCELLED:
                await self._fail(f"Run {clean(run.id, 60)} was cancelled, and not from here.{detail}", _look_at(run))
            case _:
                self._ledger.note(self._step, f"Run {clean(run.id, 60)} succeeded.")

    # ---- pushed, on its base, complete, signed, scanned

    async def _prove(self, stage: Stage) -> None:
        limits = self._limits
        limit = {Stage.COMPLETE: limits.sign, Stage.SIGNED: limits.scan}.get(stage, limits.push)
        verdict = await await_verdict(self._ledger, self._clock, self._step, lambda: self._ask(stage), limits.look, limit)
        record = self._ledger[self._step]
        match verdict:
            case Proof():
                proofs, replaced = (*record.proofs, verdict), self._pushed or record.replaced
                await self._ledger.move(self._step, _GREEN[stage], proofs=proofs, sentence=verdict.words, replaced=replaced)
            case Refuted():
                await self._fail(verdict.sentence, verdict.remedy)
            case Awaited():
                signal = Signal.FAIL if verdict.absent else Signal.LOSE
                sentence = f"Waited {minutes(limit)} for {full_stop(verdict.words)}"
                await self._ledger.move(self._step, signal, sentence=sentence, remedy="Plan again when it is there.")

    async def _ask(self, stage: Stage) -> Proof | Awaited | Refuted:
        run, record = self._ledger[self._step].run, self._ledger[self._step]
        if run is None:
            return Refuted("No run is known for it.")
        snapshot, now, bases = self._outside.estate.snapshot, self._clock.now(), self._bases()
        verdicts = [
            verify(stage, RebuiltImage(image, run, record.sent, bases, _beside(image, record.replaced)), snapshot, now)
            for image in record.replaced
        ]
        verdict = joined(verdicts)
        if isinstance(verdict, Awaited):
            self._look_again(run)
            if stage is Stage.SIGNED:
                self._outside.estate.scan_again()
        elif stage is Stage.FOLLOWING and isinstance(verdict, Proof):
            pairs = zip(record.replaced, verdicts, strict=True)
            self._pushed = tuple(structs.replace(image, digest=str(getattr(proof, "value", ""))) for image, proof in pairs)
        return verdict

    def _bases(self) -> dict[RepositoryName, str]:
        """What the rebuilds that this one needs have pushed."""
        pushed: dict[RepositoryName, str] = {}
        for name in self._step.needs:
            step = self._steps.get(name)
            if step is not None and step.kind is StepKind.REBUILD:
                pushed |= {image.key.name: image.digest for image in self._ledger[step].replaced if image.digest}
        return pushed

    def _look_again(self, run: Run) -> None:
        """Have the registry say again what the tags name, and what is attached to what was pushed."""
        demands: list[Demand] = []
        for replaced in self._ledger[self._step].replaced:
            name = replaced.key.name
            pushed = [image for image in run.images or () if image.name == name]
            tags = {*replaced.tags, *(image.tag for image in pushed)} - {""}
            digests = {replaced.digest, *(image.digest for image in pushed)} - {""}
            demands += [Demand(name, tag, Priority.OPENED) for tag in sorted(tags)]
            demands += [Demand(name, digest, Priority.OPENED, referrers=True, history=True) for digest in sorted(digests)]
            demands += [demand for digest in sorted(digests) if (demand := self._base_of(name, digest)) is not None]
        self._outside.estate.look_again(tuple(demands))

    def _base_of(self, name: RepositoryName, digest: str) -> Demand | None:
        """What the tag names that an image was built from."""
        image = image_of(self._outside.estate.snapshot, name, digest)
        link = image.base if image is not None else None
        return Demand(link.base.name, link.tag, Priority.OPENED) if link is not None and link.tag else None


def _beside(image: Replaced, replaced: tuple[Replaced, ...]) -> tuple[str, ...]:
    """The tags of the other images of its repository that the same run replaces."""
    others = (other for other in replaced if other.key != image.key and other.key.name == image.key.name)
    return tuple(tag for other in others for tag in other.tags)


def _counts(run: Run, replaced: Sequence[ImageKey]) -> bool:
    """Whether a run that was there before may do what the step is for: one that has failed will not, nor one that pushed what
    is to be replaced."""
    pushed = {(image.name, image.digest) for image in run.images or ()}
    return run.state not in (RunState.FAILED, RunState.CANCELLED) and pushed.isdisjoint(
        (key.name, key.digest) for key in replaced
    )


def _tag_of(step: Step) -> str:
    """The tag that named what is to be replaced when the plan was made, else that in the name of the target."""
    tag = next((condition.what for condition in step.preconditions if condition.what.startswith(_TAG)), "")
    if tag:
        return tag.removeprefix(_TAG)
    name = step.target.partition("@")[0].rpartition("/")[2]
    return name.partition(":")[2]


def _described(run: Run) -> tuple[str, tuple[str, ...]]:
    return f"run {run.id}", ()


def _state_words(run: Run) -> str:
    detail = f": {clean(run.detail, 300)}" if run.detail else ""
    return full_stop(f"Run {clean(run.id, 60)} is {run.state}{detail}")


def _look_at(run: Run) -> str:
    return f"Look at its log: {clean(run.url, 300)}" if run.url else _LOOK_AT_ITS_LOG

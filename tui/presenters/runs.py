"""Who builds an image and how that went: its job, the last runs, and whether it will be rebuilt by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tui.domain.builds.claimed import Vouched, builder_title, contradiction, deciding, speaker, vouched
from tui.domain.common.text import capitalized, clean, full_stop
from tui.domain.common.trust import State
from tui.domain.facts.build import BaseTrigger, Job, Run, RunCause, RunState
from tui.domain.facts.build_claim import ClaimedBy
from tui.domain.plans.builders import ChosenJob, choose_job, job_title
from tui.domain.plans.following import followers
from tui.domain.plans.why_not import Outlook, Outlooks, outlook, why_not
from tui.domain.snapshot.snapshot import Attribution, Confidence, Image, ImageKey
from tui.presenters.glyphs import ROLE
from tui.presenters.keys import RowSubject
from tui.presenters.phrases import image_name, repository_name
from tui.presenters.tabs.lines import ImageOfRow, in_turn, remark, wrapped
from tui.presenters.tabs.spec import SectionContext
from tui.presenters.words import age, duration, plural, short_hex
from widgets.rows import Span, TextLine

__all__ = ["runs_section"]

MOST_RUNS, MOST_JOBS, MOST_FOLLOWERS = 8, 4, 12
COVER = {
    Vouched.SIGNED: "signed",
    Vouched.UNSIGNED: "nobody signed it",
    Vouched.REFUSED: "its signature is not accepted",
    Vouched.UNCHECKED: "signatures not checked",
}
ANSWER = {Outlooks.YES: State.PASS, Outlooks.NO: State.WARN, Outlooks.UNKNOWN: State.UNKNOWN}
OUTLOOK = {
    Outlooks.YES: "Will be rebuilt automatically: yes.",
    Outlooks.NO: "Will be rebuilt automatically: no.",
    Outlooks.UNKNOWN: "Will be rebuilt automatically: unknown.",
}
CAUSE = {
    RunCause.BASE_IMAGE: "by its base image",
    RunCause.SOURCE: "by its source",
    RunCause.SCHEDULE: "by schedule",
    RunCause.MANUAL: "by hand",
    RunCause.UNKNOWN: "",
}
TRIGGER = {
    BaseTrigger.ON: "base image trigger on",
    BaseTrigger.OFF: "base image trigger off",
    BaseTrigger.NONE: "no base image trigger",
    BaseTrigger.UNKNOWN: "base image trigger not known",
}
RUN_STATE = {
    RunState.SUCCEEDED: State.PASS,
    RunState.FAILED: State.FAIL,
    RunState.CANCELLED: State.WARN,
    RunState.UNKNOWN: State.UNKNOWN,
}


def runs_section(subject: RowSubject, look: SectionContext) -> Sequence[TextLine]:
    """What builds the image of a row, and what builds that which stands on it."""
    return in_turn(subject, look, lambda row: _of_row(row, look))


def _of_row(row: ImageOfRow, look: SectionContext) -> list[TextLine]:
    image = look.snapshot.images.get(row.key) if row.key is not None else None
    lines = _of_image(image, look) if image is not None else []
    lines += _following(row.key, look) if row.key is not None else []
    return lines or [remark("No image that could be read.")]


def _of_image(image: Image, look: SectionContext) -> list[TextLine]:
    snapshot, key = look.snapshot, image.key
    answer = outlook(snapshot, key)
    lines = _outlook(answer, look)
    others = [reason for reason in why_not(snapshot, key) if reason.sentence != answer.reason]
    if others:
        lines += [TextLine(), TextLine((Span(" Why it has not been rebuilt", "dim"),))]
        for reason in others:
            lines += [*wrapped(reason.sentence, "", look.width, indent=3), *_arrow(reason.fix, look)]
    for attribution in snapshot.builders.get(key, ())[:MOST_JOBS]:
        lines += [TextLine(), *_builder(image, attribution, look)]
    return [*lines, *_claims(image, look)]


def _claims(image: Image, look: SectionContext) -> Iterator[TextLine]:
    """What the image says itself of who built it, and whether somebody vouches for that."""
    if not image.built_by:
        return
    cover, is_covered = vouched(image), any(claim.by is not ClaimedBy.ATTESTATION for claim in image.built_by)
    covered = (Span(f"{COVER[cover]} ", "" if cover is Vouched.SIGNED else "warn"),) if is_covered else ()
    yield TextLine()
    yield TextLine((Span(" The image itself says", "dim"),), covered)
    for claim in image.built_by:
        words = speaker(claim).removeprefix("its ")
        commit = f", commit {clean(claim.revision[:12], 12)}" if claim.revision else ""
        says = builder_title(claim) or "what it says is not known"
        yield from wrapped(f"{words}: {says}{commit}", "", look.width, indent=3)
        if claim.by is ClaimedBy.ATTESTATION:
            signer = f"signed by {clean(claim.signer, 200)}, verified"
            doubt = full_stop(f"not verified: {clean(claim.doubt, 200)}")
            yield from wrapped(doubt if claim.doubt else signer, "warn" if claim.doubt else "", look.width, indent=5)
    pair = contradiction(deciding(image))
    if pair is not None:
        yield from wrapped("These contradict each other: who built it is not known by them.", "unknown", look.width, indent=3)


def _outlook(answer: Outlook, look: SectionContext) -> list[TextLine]:
    title = TextLine((Span(" "), look.glyphs.of(ANSWER[answer.answer]), Span(f" {OUTLOOK[answer.answer]}", "bold")))
    return [title, *wrapped(answer.reason, "", look.width, indent=3), *_arrow(answer.fix, look)]


def _arrow(fix: str, look: SectionContext) -> list[TextLine]:
    """What mends it, after an arrow."""
    lines = wrapped(fix, "dim", look.width - 5, indent=0)
    marks = (look.glyphs.arrow, *("  " for _ in lines))
    return [TextLine((Span(f"   {mark}", "accent"), *line.left)) for mark, line in zip(marks, lines, strict=False)]


# ---- its job


def _builder(image: Image, attribution: Attribution, look: SectionContext) -> Iterator[TextLine]:
    """A job or a lone run that builds it: what says so, how it stands, how its last runs went."""
    snapshot, key = look.snapshot, attribution.job
    job = snapshot.jobs.get(key) if key is not None else None
    title = job_title(job or Job(key, key.job)) if key is not None else f"Run {clean(attribution.run, 60)}, of no job"
    place = f"  {clean(key.builder, 120)}" if key is not None else ""
    sure = "" if attribution.confidence is Confidence.CERTAIN else "warn"
    yield TextLine((Span(f" {title}", "bold"), Span(place, "dim")), (Span(f"{attribution.confidence.value} ", sure or "dim"),))
    yield from wrapped(full_stop(clean(attribution.note, 300)), "dim", look.width, indent=3)
    if key is None:
        return
    if job is None:
        chosen = choose_job(snapshot, image.key)
        words = chosen.warnings if isinstance(chosen, ChosenJob) and chosen.job.key == key else ("The job could not be read.",)
        yield from (line for text in words for line in wrapped(text, "unknown", look.width, indent=3))
    else:
        yield from _job(job, look)
    runs = snapshot.runs.get(key, ())
    for run in runs[:MOST_RUNS]:
        yield from _run(run, image, look)
    if len(runs) > MOST_RUNS:
        yield TextLine((Span(f"   and {plural(len(runs) - MOST_RUNS, 'older run')}", "dim"),))
    elif not runs:
        yield from wrapped("No run of it is known.", "dim", look.width, indent=3)


def _job(job: Job, look: SectionContext) -> Iterator[TextLine]:
    if job.disabled:
        yield from wrapped(full_stop(capitalized(job.disabled)), "fail", look.width, indent=3)
    facts = [
        TRIGGER[job.trigger],
        {True: "started by its source", False: "not by its source", None: ""}[job.source_trigger],
        {True: "by schedule", False: "", None: ""}[job.schedule],
        f"agent pool {clean(job.agent_pool, 60)}" if job.agent_pool else "",
        str(job.platform) if job.platform is not None else "",
    ]
    yield from wrapped(look.glyphs.dot.join(fact for fact in facts if fact), "dim", look.width, indent=3)
    pushes = dict.fromkeys(clean(f"{repository_name(built.name)}:{built.tag or '(any)'}", 120) for built in job.images)
    if pushes:
        yield from wrapped(f"pushes {', '.join(pushes)}", "dim", look.width, indent=3)
    for hindrance in job.hindrances:
        yield from wrapped(full_stop(clean(hindrance, 300)), "warn", look.width, indent=3)
    yield from wrapped(full_stop(clean(job.reason, 300)) if job.reason else "", "unknown", look.width, indent=3)


# ---- its runs


def _run(run: Run, image: Image, look: SectionContext) -> Iterator[TextLine]:
    state = RUN_STATE.get(run.state)
    glyph = look.glyphs.of(state) if state is not None else Span(look.glyphs.here, "accent")
    begun = run.started or run.created
    took = duration((run.finished - begun).total_seconds()) if run.finished and begun and run.finished >= begun else ""
    left = (Span("   "), glyph, Span(f" {clean(run.id, 40)}"), Span(f"  {run.state.value}", "" if state else "accent"))
    when = (run.finished if run.state.ended else None) or begun
    right = f"{took:>5} {age(when, look.now):>5} "
    yield TextLine((*left, Span(f"  {CAUSE[run.cause]}" if CAUSE[run.cause] else "", "dim")), (Span(right, "dim"),))
    yield from wrapped(full_stop(clean(run.detail, 400)) if run.detail else "", _role(state), look.width, indent=7)
    yield from wrapped(_pushed(run, image), "dim", look.width, indent=7)


def _role(state: State | None) -> str:
    return ROLE[state] if state is not None and state is not State.PASS else "dim"


def _pushed(run: Run, image: Image) -> str:
    """What it pushed, by what was pushed under several tags."""
    if run.images is None:
        return "What it pushed is not known." if run.state is RunState.SUCCEEDED else ""
    if not run.images:
        return "It pushed nothing." if run.state is RunState.SUCCEEDED else ""
    tags: dict[tuple[str, str], list[str]] = {}
    for built in run.images:
        tags.setdefault((repository_name(built.name), built.digest), []).append(built.tag)
    words = []
    for (name, digest), names in tags.items():
        own = ", this image" if digest and digest in image.digests else ""
        called = ", ".join(tag for tag in names if tag)
        words.append(clean(f"{name}{':' if called else ''}{called}{f' ({short_hex(digest)}{own})' if digest else ''}", 200))
    return f"pushed {'; '.join(words[:3])}{f' and {len(words) - 3} more' if len(words) > 3 else ''}"


# ---- what stands on it


def _following(key: ImageKey, look: SectionContext) -> list[TextLine]:
    """How many of the images that run and stand on it come to a new build of it by themselves, and which do not."""
    answers = followers(look.snapshot, key)
    if not answers:
        return []
    counts = Counter(answers.values())
    parts = [
        f"{counts[Outlooks.YES]} will be rebuilt automatically",
        f"{counts[Outlooks.NO]} will not",
        f"{counts[Outlooks.UNKNOWN]} unknown",
    ]
    start = f"Of {plural(len(answers), 'running image')} that {'is' if len(answers) == 1 else 'are'} built on it"
    lines = [TextLine(), *wrapped(f"{start}, {', '.join(parts)}.", "bold", look.width)]
    order = (Outlooks.NO, Outlooks.UNKNOWN, Outlooks.YES)
    ordered = sorted(answers, key=lambda other: (order.index(answers[other]), other))
    for other in ordered[:MOST_FOLLOWERS]:
        lines += _follower(other, answers[other], look)
    if len(ordered) > MOST_FOLLOWERS:
        lines.append(TextLine((Span(f"   and {len(ordered) - MOST_FOLLOWERS} more", "dim"),)))
    return lines


def _follower(key: ImageKey, answer: Outlooks, look: SectionContext) -> Iterator[TextLine]:
    image = look.snapshot.images.get(key)
    if image is None:
        return
    yield TextLine((Span(" "), look.glyphs.of(ANSWER[answer]), Span(f" {image_name(image)}")))
    own = outlook(look.snapshot, key)
    reason = own.reason if own.answer is answer else "Its base is not rebuilt automatically."
    yield from wrapped(reason if answer is not Outlooks.YES else "", "dim", look.width, indent=3)

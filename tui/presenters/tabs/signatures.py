"""What the signatures of an image are worth, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.domain.common.trust import State
from tui.domain.facts.events import SignaturesVerified
from tui.domain.facts.signature import Outcome, StepState, Verdict, VerificationStep
from tui.domain.snapshot.snapshot import Image
from tui.presenters.keys import RowSubject
from tui.presenters.tabs.lines import of_images, wrapped
from tui.presenters.tabs.spec import SectionContext, TabSpec
from tui.presenters.words import age, short_hex
from widgets.columns import cell_width
from widgets.rows import Span, TextLine

__all__ = ["SIGNATURES", "signature_lines"]

VERDICT_STATE = {
    Verdict.VALID: State.PASS,
    Verdict.VALID_WITH_WARNINGS: State.WARN,
    Verdict.INVALID: State.FAIL,
    Verdict.INCONCLUSIVE: State.UNKNOWN,
    Verdict.SKIPPED: State.UNKNOWN,
    Verdict.NO_POLICY: State.UNKNOWN,
}
NARROW = 64
"""Below this width what came of a step stands below its name."""
STEP_STATE = {
    StepState.PASSED: State.PASS,
    StepState.FAILED: State.FAIL,
    StepState.UNKNOWN: State.UNKNOWN,
    StepState.NOT_RUN: State.OFF,
}


def signature_lines(image: Image, look: SectionContext) -> list[TextLine]:
    """Every signature: its verdict, each step, the chain of certificates, and the command that shows the same."""
    if not image.signatures:
        return wrapped("Whether it is signed has not been read.", "unknown", look.width)
    return [line for artifact in image.signatures for line in _artifact(artifact, image, look)]


def _artifact(artifact: SignaturesVerified, image: Image, look: SectionContext) -> Iterator[TextLine]:
    from tui.domain.answers.why.evidence import verification  # the rooms of answers: not before somebody looks

    title = f" on {short_hex(artifact.subject)}" + ("" if artifact.subject == image.key.digest else "  (a platform's manifest)")
    yield TextLine((Span(title, "dim"),), (Span(f"{age(artifact.at, look.now)} ago ", "dim"),))
    yield from wrapped(artifact.error, "unknown", look.width)
    if not artifact.outcomes and not artifact.error:
        searched = f" Searched: {', '.join(artifact.searched)}." if artifact.searched else ""
        yield from wrapped(f"No signature was found.{searched}", "fail", look.width)
    for outcome in artifact.outcomes:
        yield from _outcome(outcome, look)
        yield from wrapped(f"{look.glyphs.arrow}{verification(outcome, image)}", "accent", look.width, indent=3)
    yield from (line for note in artifact.notes for line in wrapped(note, "dim", look.width))
    yield TextLine()


def _outcome(outcome: Outcome, look: SectionContext) -> Iterator[TextLine]:
    state = VERDICT_STATE[outcome.verdict]
    title = (Span(" "), look.glyphs.of(state), Span(f" {outcome.system}", "bold"))
    verdict = Span(f"{outcome.verdict.value} ", "dim")
    signer = Span(f"  {outcome.signer}")
    beside = cell_width((*title, signer, verdict)) + 2 <= look.width
    yield TextLine((*title, signer) if beside else title, (verdict,))
    yield from wrapped("" if beside else outcome.signer, "", look.width, indent=3)
    yield from wrapped(outcome.sentence, "dim" if state is State.PASS else "", look.width, indent=3)
    for step in outcome.steps:
        yield from _step(step, look)
    yield from _facts(outcome, look)


def _step(step: VerificationStep, look: SectionContext) -> Iterator[TextLine]:
    """A step and what came of it: beside its name, or below it where that has no room."""
    sign, name = look.glyphs.of(STEP_STATE[step.state]), step.name.value
    if look.width < NARROW:
        yield TextLine((Span("   "), sign, Span(f" {name}", "dim")))
        yield from wrapped(step.sentence, "", look.width, indent=5)
        return
    first, *continuation = [line.left[0].text.strip() for line in wrapped(step.sentence, "", look.width - 25)] or [""]
    yield TextLine((Span("   "), sign, Span(f" {name:<19}", "dim"), Span(first)))
    yield from (TextLine((Span(" " * 24 + part),)) for part in continuation)


def _facts(outcome: Outcome, look: SectionContext) -> Iterator[TextLine]:
    times = [
        f"signed {outcome.signing_time:%Y-%m-%d %H:%M}" if outcome.signing_time else "",
        f"expires {outcome.expiry:%Y-%m-%d}" if outcome.expiry else "",
        f"stamped {outcome.timestamp.time:%Y-%m-%d %H:%M} by {outcome.timestamp.authority}" if outcome.timestamp else "",
        f"policy {outcome.statement} ({outcome.level})" if outcome.statement else "",
    ]
    yield from wrapped(look.glyphs.dot.join(time for time in times if time), "dim", look.width, indent=3)
    for depth, certificate in enumerate(outcome.chain):
        left = look.now <= certificate.not_after
        until = Span(f"until {certificate.not_after:%Y-%m-%d} ", "dim" if left else "fail")
        lead = "   " + "  " * depth + look.glyphs.last
        yield TextLine((Span(lead, "faint"), Span(certificate.subject)), (until,))


def _lines(subject: RowSubject, context: SectionContext) -> Sequence[TextLine]:
    return of_images(subject, context, signature_lines)


SIGNATURES = TabSpec("signatures", "Signatures", _lines, brief="Sigs")

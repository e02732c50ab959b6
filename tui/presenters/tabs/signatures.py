"""What scanners found in an image, and what its signatures are worth, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from shlex import quote

from tui.domain.common.trust import State
from tui.domain.facts.events import SignaturesVerified
from tui.domain.facts.scan import ImageVulnerability, ScanReport, Severity
from tui.domain.facts.signature import Outcome, SignatureSystem, StepState, Verdict
from tui.domain.snapshot.snapshot import Image
from tui.presenters.tabs.overview import wrapped
from tui.presenters.tabs.spec import Order, SectionContext
from tui.presenters.words import age, count, short
from widgets.rows import LazyLines, Span, TextLine
from widgets.text import fit

__all__ = ["signature_lines", "vulnerability_lines"]

SEVERITY_ROLE = {
    Severity.CRITICAL: "fail bold",
    Severity.HIGH: "warn",
    Severity.MEDIUM: "",
    Severity.LOW: "dim",
    Severity.NEGLIGIBLE: "dim",
    Severity.UNKNOWN: "unknown",
}
VERDICT_STATE = {
    Verdict.VALID: State.PASS,
    Verdict.VALID_WITH_WARNINGS: State.WARN,
    Verdict.INVALID: State.FAIL,
    Verdict.INCONCLUSIVE: State.UNKNOWN,
    Verdict.SKIPPED: State.UNKNOWN,
    Verdict.NO_POLICY: State.UNKNOWN,
}
STEP_STATE = {
    StepState.PASSED: State.PASS,
    StepState.FAILED: State.FAIL,
    StepState.UNKNOWN: State.UNKNOWN,
    StepState.NOT_RUN: State.OFF,
}
ID, PACKAGE, VERSION = 18, 22, 16


_KEYS: Mapping[Order, Callable[[ImageVulnerability], tuple[object, ...]]] = {
    Order.PACKAGE: lambda each: (each.package, -each.severity.rank, each.id),
    Order.FIXABLE: lambda each: (not each.fixed, -each.severity.rank, each.package, each.id),
    Order.OWN: lambda each: (each.from_base is not False, -each.severity.rank, each.package, each.id),
}


def vulnerability_lines(image: Image, look: SectionContext) -> Sequence[TextLine]:
    """Whose reports these are, then one line for each vulnerability; those only that the filter names, if it names some."""
    lines = [line for report in image.scans for line in _report(report, look)]
    order, wanted = look.order, look.wanted
    if not image.scans:
        silent = "No scanner has told anything of it: that is unknown, not clean."
        return [*wrapped(silent, "unknown", look.width), *wrapped(image.scan_gap, "unknown", look.width)]
    lines += wrapped(image.scan_gap, "unknown", look.width)
    found: Sequence[ImageVulnerability] = image.vulnerabilities
    if wanted:
        found = [each for each in found if wanted in f"{each.id} {each.package}".lower()]
    if order is not Order.SEVERITY:  # in which they come
        found = sorted(found, key=_KEYS[order])
    known = f"{count(len(found))} of {count(len(image.vulnerabilities))} match {wanted}" if wanted else count(len(found))
    title = (Span(f" {known}, by {order.value}", "dim"),)
    lines += [TextLine(), TextLine(title, (Span("o ", "accent bold"), Span("other order ", "dim"))), _titles(look)]
    wide = look.width >= ID + PACKAGE + 2 * VERSION
    return LazyLines(lines, found, lambda each: _vulnerability(each, wide))


def _report(report: ScanReport, look: SectionContext) -> Iterator[TextLine]:
    when = f"{age(report.at, look.now)} ago " if report.at else "no date "
    glyph = look.glyphs.of(State.PASS if report.complete else State.UNKNOWN)
    yield TextLine((Span(" "), glyph, Span(f" {report.scanner}"), Span(f"  {report.os}", "dim")), (Span(when, "dim"),))
    yield from wrapped(report.reason, "unknown", look.width, indent=3)


def _titles(look: SectionContext) -> TextLine:
    versions = f"{'installed':<{VERSION}}" if look.width >= ID + PACKAGE + 2 * VERSION else ""
    return TextLine(
        (Span(f"   {'vulnerability':<{ID}}{'package':<{PACKAGE}}{versions}fixed in", "dim"),), (Span("from ", "dim"),)
    )


def _vulnerability(each: ImageVulnerability, wide: bool) -> TextLine:
    role = "dim" if each.vex is not None else SEVERITY_ROLE[each.severity]
    installed = f"{fit(each.installed, VERSION - 1):<{VERSION}}" if wide else ""
    fixed = Span(each.fixed or "no fix known", "" if each.fixed else "dim")
    origin = {True: "base", False: "own", None: "?"}[each.from_base]
    stated = f"{each.vex.status}, says {each.vex.author}" if each.vex is not None else ""
    return TextLine(
        (
            Span(f" {each.severity[:1].upper()} ", role),
            Span(f"{fit(each.id, ID - 1):<{ID}}", role),
            Span(f"{fit(each.package, PACKAGE - 1):<{PACKAGE}}"),
            Span(installed, "dim"),
            fixed,
            Span(f"  {stated}" if stated else "", "dim"),
        ),
        (Span(f"{'rebuild ' if each.rebuild else ''}{origin} ", "dim" if each.from_base else ""),),
    )


# ---- signatures


def signature_lines(image: Image, look: SectionContext) -> list[TextLine]:
    """Every signature: its verdict, each step, the chain of certificates, and the command that shows the same."""
    if not image.signatures:
        return wrapped("Whether it is signed has not been read.", "unknown", look.width)
    return [line for found in image.signatures for line in _artifact(found, image, look)]


def _artifact(found: SignaturesVerified, image: Image, look: SectionContext) -> Iterator[TextLine]:
    title = f" on {short(found.subject)}" + ("" if found.subject == image.key.digest else "  (a platform's manifest)")
    yield TextLine((Span(title, "dim"),), (Span(f"{age(found.at, look.now)} ago ", "dim"),))
    yield from wrapped(found.error, "unknown", look.width)
    if not found.outcomes and not found.error:
        searched = f" Searched: {', '.join(found.searched)}." if found.searched else ""
        yield from wrapped(f"No signature was found.{searched}", "fail", look.width)
    for outcome in found.outcomes:
        yield from _outcome(outcome, look)
        yield from wrapped(f"{look.glyphs.arrow}{_command(outcome, image)}", "accent", look.width, indent=3)
    yield from (line for note in found.notes for line in wrapped(note, "dim", look.width))
    yield TextLine()


def _outcome(outcome: Outcome, look: SectionContext) -> Iterator[TextLine]:
    state = VERDICT_STATE[outcome.verdict]
    title = (Span(" "), look.glyphs.of(state), Span(f" {outcome.system}", "bold"), Span(f"  {outcome.signer}", ""))
    yield TextLine(title, (Span(f"{outcome.verdict.value} ", "dim"),))
    yield from wrapped(outcome.sentence, "dim" if state is State.PASS else "", look.width, indent=3)
    for step in outcome.steps:
        lead = (Span("   "), look.glyphs.of(STEP_STATE[step.state]), Span(f" {step.name.value:<19}", "dim"))
        first, *rest = [line.left[0].text.strip() for line in wrapped(step.sentence, "", look.width - 25)] or [""]
        yield TextLine((*lead, Span(first)))
        yield from (TextLine((Span(" " * 24 + part),)) for part in rest)
    yield from _facts(outcome, look)


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


def _command(outcome: Outcome, image: Image) -> str:
    """The command of the system itself that verifies the same; keys and identities that are not known are left to fill in."""
    reference = f"{image.name}@{outcome.subject_digest or image.key.digest}"
    if outcome.system is SignatureSystem.NOTATION:
        return f"notation verify {reference}"
    if outcome.chain:
        return f"cosign verify --certificate-identity IDENTITY --certificate-oidc-issuer ISSUER {reference}"
    key = outcome.signer if outcome.signer.endswith((".pub", ".pem")) else "KEY.pub"
    return f"cosign verify --key {quote(key)} {reference}"

"""The steps of a cosign verification: each holds or fails closed, and together they give the outcome."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import msgspec

from tui.domain.common.text import clean
from tui.domain.facts.signature import (
    Outcome,
    Reason,
    SignatureSystem,
    SignerCertificate,
    StepName,
    StepState,
    Verdict,
    VerificationStep,
)
from tui.verification.faults import REFUSED, CheckFailed

__all__ = ["VerificationState", "concluded", "failing", "faulty", "held", "run_step"]

T = TypeVar("T")

# What a step says when what it looks at cannot be read at all: words of ours, never those of a parser.
_UNREADABLE = {
    StepName.INTEGRITY: "the signature is malformed",
    StepName.AUTHENTICITY: "its signer cannot be read",
    StepName.SUBJECT: "what it is about cannot be read",
    StepName.LOG: "its entry of the transparency log is malformed",
}


class VerificationState(msgspec.Struct):
    """What the steps have found so far; `holder` is the key or certificate, in DER, that a log entry must name."""

    steps: list[VerificationStep] = []
    signer: str = ""
    chain: tuple[SignerCertificate, ...] = ()
    signing_time: datetime | None = None
    warning: str = ""
    holder: bytes = b""


def held(check: Callable[[], T], sentence: str, reason: Reason) -> T:
    """Run a check so that it holds or fails closed with a sentence of ours; CheckFailed passes as it is.

    Our readers raise ValueError, and keys what REFUSED names: anything else is a fault of ours, and is seen as one.
    """
    try:
        return check()
    except CheckFailed:
        raise
    except REFUSED as error:
        raise CheckFailed(sentence, reason) from error


def run_step(finding: VerificationState, name: StepName, check: Callable[[], str]) -> None:
    """Run one step, failing closed, and note how it ended."""
    try:
        step = VerificationStep(name, StepState.PASSED, held(check, _UNREADABLE.get(name, "it is malformed"), Reason.MALFORMED))
    except CheckFailed as failed:
        step = failing(name, failed)
    finding.steps.append(step)


def failing(name: StepName, failed: CheckFailed) -> VerificationStep:
    """The step that did not hold, or could not be decided."""
    return VerificationStep(name, StepState.UNKNOWN if failed.unknown else StepState.FAILED, failed.headline, failed.reason)


def concluded(finding: VerificationState, digest: str, media_type: str, envelope: bytes) -> Outcome:
    """The outcome of the steps: the first failure decides, then the first unknown, then a warning."""
    decisive = next((s for state in (StepState.FAILED, StepState.UNKNOWN) for s in finding.steps if s.state is state), None)
    verdict, sentence, reason = Verdict.VALID, "the signature is valid", Reason.NONE
    if decisive is not None:
        verdict = Verdict.INVALID if decisive.state is StepState.FAILED else Verdict.INCONCLUSIVE
        sentence, reason = decisive.sentence, decisive.reason
    elif finding.warning:
        verdict, sentence, reason = Verdict.VALID_WITH_WARNINGS, finding.warning, Reason.REFERENCE_MOVED
    return Outcome(
        system=SignatureSystem.COSIGN,
        verdict=verdict,
        sentence=sentence,
        reason=reason,
        steps=tuple(finding.steps),
        signer=clean(finding.signer, 200),
        chain=finding.chain,
        signing_time=finding.signing_time,
        envelope_digest=f"sha256:{hashlib.sha256(envelope).hexdigest()}",
        media_type=media_type,
        subject_digest=clean(digest, 160),
    )


def faulty(words: str, digest: str, media_type: str, artifact: str) -> Outcome:
    """The outcome of what is wrong as it lies in the registry, before anything of it is read."""
    finding = VerificationState([VerificationStep(StepName.INTEGRITY, StepState.FAILED, clean(words, 300), Reason.MALFORMED)])
    return msgspec.structs.replace(concluded(finding, digest, media_type, b""), envelope_digest=clean(artifact, 160))

"""What a signature is worth: verdicts, the steps that led to them, and who signed when."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

__all__ = [
    "Action",
    "Outcome",
    "Reason",
    "SignatureSystem",
    "SignerCertificate",
    "StepName",
    "StepState",
    "Timestamp",
    "Verdict",
    "VerificationStep",
    "best",
]


class Verdict(StrEnum):
    """How one signature ends. INCONCLUSIVE: something needed to decide is not here; it is never good and never bad."""

    VALID = "valid"
    VALID_WITH_WARNINGS = "valid-with-warnings"
    INVALID = "invalid"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"
    NO_POLICY = "no-policy"

    @property
    def accepted(self) -> bool:
        """True for the two verdicts that a gate may let through."""
        return self in (Verdict.VALID, Verdict.VALID_WITH_WARNINGS)


class SignatureSystem(StrEnum):
    """Whose rules were applied."""

    NOTATION = "notation"
    COSIGN = "cosign"


class Action(StrEnum):
    """What a failed step means (trust-store-trust-policy.md, signature verification levels)."""

    ENFORCE = "enforce"
    LOG = "log"
    SKIP = "skip"


class StepName(StrEnum):
    """The steps of both systems in the order of display."""

    INTEGRITY = "integrity"
    AUTHENTICITY = "authenticity"
    EXPIRY = "expiry"
    TIMESTAMP = "authenticTimestamp"
    REVOCATION = "revocation"
    SUBJECT = "subject"
    LOG = "transparencyLog"


class StepState(StrEnum):
    """How one step ends. NOT_RUN: an earlier step or the policy left nothing to ask."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_RUN = "not-run"


class Reason(StrEnum):
    """Why a step did not pass: stable words for rules, filters and reports."""

    NONE = ""
    MALFORMED = "malformed"
    UNSUPPORTED = "unsupported"
    ALGORITHM = "algorithm"
    SIGNATURE_MISMATCH = "signature-mismatch"
    CHAIN = "chain"
    CRITICAL_ATTRIBUTE = "critical-attribute"
    PLUGIN_REQUIRED = "plugin-required"
    WRONG_SUBJECT = "wrong-subject"
    TRUST_STORE = "trust-store"
    UNTRUSTED = "untrusted"
    IDENTITY_MISMATCH = "identity-mismatch"
    EXPIRED = "expired"
    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_NOT_YET_VALID = "certificate-not-yet-valid"
    TIMESTAMP_MISSING = "timestamp-missing"
    TIMESTAMP_INVALID = "timestamp-invalid"
    TIMESTAMP_UNTRUSTED = "timestamp-untrusted"
    REVOKED = "revoked"
    REVOCATION_UNKNOWN = "revocation-unknown"
    REVOCATION_OFFLINE = "revocation-offline"
    NO_KEY = "no-key"
    WRONG_KEY = "wrong-key"
    LOG_MISSING = "log-missing"
    LOG_INVALID = "log-invalid"
    NOT_A_SIGNATURE = "not-a-signature"
    MISSING_EXTRA = "missing-extra"
    REFERENCE_MOVED = "reference-moved"
    NO_POLICY = "no-policy"
    SKIPPED = "skipped"
    NOT_LOOKED_AT = "not-looked-at"
    BY_BUNDLES = "judged-by-bundles"
    REFERRERS_UNKNOWN = "referrers-unknown"


class VerificationStep(msgspec.Struct, frozen=True):
    """One numbered step: `sentence` is for the operator, cleaned; `reason` is empty when it passed."""

    name: StepName
    state: StepState
    sentence: str
    reason: Reason = Reason.NONE
    action: Action = Action.ENFORCE


class SignerCertificate(msgspec.Struct, frozen=True, cache_hash=True):
    """One certificate of a chain, for display: names are cleaned, `sha256` is the lower case hex digest of its DER."""

    subject: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    sha256: str


class Timestamp(msgspec.Struct, frozen=True):
    """An RFC 3161 time stamp: `accuracy` is in seconds either side, `authority` the subject that stamped."""

    time: datetime
    accuracy: float
    authority: str
    trusted: bool = False


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What one signature is worth under one policy at one moment, with every step kept for the detail view.

    `sentence` and `reason` tell the step that decided. `statement` is the policy statement, `level` its level.
    `signer` is the leaf's subject, a key's name or an identity; `subject_digest` is what was verified. `artifact` is the digest
    of the manifest that holds the signature, `found_by` the way it was found (`FoundBy`). `ending` says what of an accepted
    signature ends soon, empty when nothing does.
    """

    system: SignatureSystem
    verdict: Verdict
    sentence: str
    reason: Reason = Reason.NONE
    steps: tuple[VerificationStep, ...] = ()
    statement: str = ""
    level: str = ""
    signer: str = ""
    chain: tuple[SignerCertificate, ...] = ()
    scheme: str = ""
    signing_time: datetime | None = None
    expiry: datetime | None = None
    timestamp: Timestamp | None = None
    agent: str = ""
    envelope_digest: str = ""
    media_type: str = ""
    subject_digest: str = ""
    artifact: str = ""
    found_by: str = ""
    ending: str = ""

    def step(self, name: StepName) -> VerificationStep | None:
        """The step of that name, None when it does not exist for this system."""
        return next((step for step in self.steps if step.name is name), None)


_RANK = (
    Verdict.VALID,
    Verdict.VALID_WITH_WARNINGS,
    Verdict.INCONCLUSIVE,
    Verdict.INVALID,
    Verdict.SKIPPED,
    Verdict.NO_POLICY,
)


def best(outcomes: tuple[Outcome, ...]) -> Outcome | None:
    """The best of one artifact's signatures under one system: one good signature is enough; None without any."""
    return min(outcomes, key=lambda outcome: _RANK.index(outcome.verdict), default=None)

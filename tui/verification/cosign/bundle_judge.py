"""What a Sigstore bundle proves of an image, step by step as cosign takes them."""

from __future__ import annotations

from tui.domain.facts.signature import Outcome, Reason, StepName, StepState
from tui.verification.cosign.bundle import (
    MEDIA_TYPES,
    SIGN_PREDICATE,
    Bundle,
    check_key_id,
    check_statement,
    check_subject,
    pae,
    parse_bundle,
)
from tui.verification.cosign.keyless import verify_keyless
from tui.verification.cosign.keys import CosignPolicy, signed_by
from tui.verification.cosign.rekor import Signed, check_entries
from tui.verification.cosign.steps import VerificationState, concluded, failing, run_step
from tui.verification.faults import CheckFailed

__all__ = ["verify_bundle"]


def verify_bundle(data: bytes, digest: str, policy: CosignPolicy, predicate: str = SIGN_PREDICATE) -> Outcome:
    """The outcome for an image of that digest; `predicate` is the type that the statement must have, empty for any.

    Steps: 1 bundle, envelope and statement parse, 2 a configured key signed, 3 it is about this digest, 4 the log vouches for it.
    """
    try:
        bundle = parse_bundle(data)
    except CheckFailed as failed:
        return concluded(VerificationState([failing(StepName.INTEGRITY, failed)]), digest, MEDIA_TYPES[0], data)
    if bundle.keyless:
        return verify_keyless(data, bundle, digest, policy, predicate)
    finding = VerificationState()
    run_step(finding, StepName.INTEGRITY, lambda: check_statement(bundle.payload_type, bundle.payload, predicate))
    if finding.steps[0].state is StepState.PASSED:
        run_step(finding, StepName.AUTHENTICITY, lambda: _check_signer(bundle, policy, finding))
        run_step(finding, StepName.SUBJECT, lambda: check_subject(bundle.payload, digest))
        run_step(finding, StepName.LOG, lambda: _check_log(bundle, policy, finding))
    return concluded(finding, digest, MEDIA_TYPES[0], data)


def _check_signer(bundle: Bundle, policy: CosignPolicy, finding: VerificationState) -> str:
    key, words = signed_by(policy.keys, pae(bundle.payload_type, bundle.payload), bundle.signature)
    check_key_id(bundle, key.spki)
    finding.signer, finding.holder = key.name, key.spki
    return words


def _check_log(bundle: Bundle, policy: CosignPolicy, finding: VerificationState) -> str:
    """Step 4: every entry of a known log must hold; one is needed when the policy wants it."""
    if not finding.holder:
        raise CheckFailed("not looked at: the signer is unknown", Reason.LOG_INVALID, unknown=True)
    if not bundle.entries:
        if policy.require_log:
            raise CheckFailed("transparency log entry missing", Reason.LOG_MISSING)
        return "no transparency log entry, none asked for"
    if not policy.logs:
        if policy.require_log:
            raise CheckFailed("transparency log: no Rekor key is configured", Reason.NO_KEY, unknown=True)
        return "the transparency log entry was not checked: no Rekor key is configured"
    if not policy.require_log and not any(policy.knows(entry.log_id) for entry in bundle.entries):
        return "the transparency log entry is of a log that is not configured; none is asked for"
    moments = check_entries(bundle.entries, policy.logs, Signed(bundle.payload, bundle.signature, finding.holder))
    finding.signing_time = moments[0] if moments else None
    return f"in the transparency log since {moments[0].isoformat()}" if moments else "in the transparency log"

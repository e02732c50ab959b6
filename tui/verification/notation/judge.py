"""The numbered steps of notation: a parsed envelope, a policy statement, a moment and revocation data give an outcome.

The order and the rules are those of notation-go verifier/verifier.go and trust-store-trust-policy.md, "steps"; every step
runs for display, the enforced ones decide.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from tui.domain.common.text import clean
from tui.domain.facts.signature import (
    Action,
    Outcome,
    Reason,
    SignatureSystem,
    SignerCertificate,
    StepName,
    StepState,
    Timestamp,
    Verdict,
    VerificationStep,
)
from tui.verification.chains import CertificateFacts
from tui.verification.faults import CheckFailed, guarded
from tui.verification.notation.attributes import SigningScheme
from tui.verification.notation.names import is_subset
from tui.verification.notation.payload import Target
from tui.verification.notation.policy import Level, Statement, StoreType, VerifyTimestamp
from tui.verification.notation.stamp import Token
from tui.verification.notation.static import StaticResult
from tui.verification.notation.truststores import TrustStores
from tui.verification.pkix.moment import Moment, shifted
from tui.verification.revocation import (
    OFFLINE,
    Lookup,
    RevocationChecker,
    RevocationState,
    RevocationStatus,
    lookups_of,
    names_service,
    worst_status,
)

__all__ = ["judge", "revocation_lookups", "warned_from"]

LONGEST_WARNING = timedelta(days=7)
_MINUTE = "%Y-%m-%d %H:%M UTC"

_REVOCATION_REASON = {
    RevocationState.REVOKED: Reason.REVOKED,
    RevocationState.UNKNOWN: Reason.REVOCATION_UNKNOWN,
    RevocationState.OFFLINE: Reason.REVOCATION_OFFLINE,
}


class Case(msgspec.Struct, frozen=True):
    """Everything the steps look at."""

    static: StaticResult
    subject: Target
    statement: Statement
    stores: TrustStores
    now: datetime
    revocation: RevocationChecker


def judge(
    static: StaticResult,
    subject: Target,
    statement: Statement | None,
    stores: TrustStores,
    now: datetime,
    revocation: RevocationChecker = OFFLINE,
) -> Outcome:
    """The outcome of one signature over `subject`, the descriptor that we resolved and hashed ourselves.

    `statement` is the one that the document selects for the repository, None when none applies.
    """
    if statement is None:
        return _outcome(static, subject, Verdict.NO_POLICY, "no applicable trust policy statement", Reason.NO_POLICY)
    if statement.level is Level.SKIP:
        skipped = _outcome(static, subject, Verdict.SKIPPED, f"{statement.name} skips verification", Reason.SKIPPED)
        return msgspec.structs.replace(skipped, statement=statement.name, level=statement.level.value)
    case = Case(static, subject, statement, stores, now, revocation)
    steps = _steps(case)
    verdict, decisive = _verdict(steps)
    return msgspec.structs.replace(
        _outcome(static, subject, verdict, decisive.sentence, decisive.reason, steps),
        statement=statement.name,
        level=statement.level.value,
        timestamp=_shown_stamp(case, steps),
        ending=_ending(case) if verdict.accepted else "",
    )


def revocation_lookups(
    static: StaticResult, subject: Target, statement: Statement | None, stores: TrustStores, now: datetime
) -> tuple[Lookup, ...]:
    """What may be fetched: nothing unless integrity and authenticity hold, so that no stranger chooses a URL.

    The time stamping authority is asked about only when its stamp counts and its chain ends in a `tsa` root.
    """
    if statement is None or statement.level is Level.SKIP:
        return ()
    case = Case(static, subject, statement, stores, now, OFFLINE)
    if not (_holds(lambda: check_integrity(case)) and _holds(lambda: check_authenticity(case))):
        return ()
    looked_up = lookups_of(static.chain) if statement.action(StepName.REVOCATION) is not Action.SKIP else ()
    stamped = lookups_of(_stamp_chain(case)) if _holds(lambda: check_stamp(case)) else ()
    return tuple(lookup for lookup in (*looked_up, *stamped) if lookup.certificate.ocsp or lookup.certificate.crl)


def _holds(check: Callable[[], str]) -> bool:
    try:
        guarded(check, "", Reason.MALFORMED)
    except CheckFailed:
        return False
    return True


def _steps(case: Case) -> tuple[VerificationStep, ...]:
    integrity = _run(case, StepName.INTEGRITY, check_integrity)
    if case.static.fault:
        return (integrity, *(_not_run(case, name) for name in list(StepName)[1:5]))
    authenticity = _run(case, StepName.AUTHENTICITY, check_authenticity)
    expiry = _run(case, StepName.EXPIRY, check_expiry)
    timestamp = _run(case, StepName.TIMESTAMP, check_timestamp)
    if case.statement.action(StepName.REVOCATION) is Action.SKIP:
        revocation = VerificationStep(StepName.REVOCATION, StepState.NOT_RUN, "the policy skips revocation", action=Action.SKIP)
    else:
        revocation = _run(case, StepName.REVOCATION, check_revocation)
    return integrity, authenticity, expiry, timestamp, revocation


def _not_run(case: Case, name: StepName) -> VerificationStep:
    return VerificationStep(
        name, StepState.NOT_RUN, "not looked at: the envelope is not intact", action=case.statement.action(name)
    )


def _run(case: Case, name: StepName, check: Callable[[Case], str]) -> VerificationStep:
    """One step, failing closed."""
    action = case.statement.action(name)
    try:
        return VerificationStep(name, StepState.PASSED, guarded(lambda: check(case), name, Reason.MALFORMED), action=action)
    except CheckFailed as failed:
        state = StepState.UNKNOWN if failed.unknown else StepState.FAILED
        return VerificationStep(name, state, failed.headline, failed.reason, action)


_TROUBLE = (StepState.FAILED, StepState.UNKNOWN)
_VALID = VerificationStep(StepName.AUTHENTICITY, StepState.PASSED, "the signature is valid")


def _verdict(steps: tuple[VerificationStep, ...]) -> tuple[Verdict, VerificationStep]:
    """A plugin leaves all open; then an enforced failure decides, then an enforced unknown, then what was only logged."""
    troubled = [step for step in steps if step.state in _TROUBLE]
    if not troubled:
        return Verdict.VALID, _VALID
    first = steps[0]
    if first.reason is Reason.PLUGIN_REQUIRED:
        return Verdict.INCONCLUSIVE, first
    enforced = [step for step in troubled if step.action is Action.ENFORCE]
    for state, verdict in ((StepState.FAILED, Verdict.INVALID), (StepState.UNKNOWN, Verdict.INCONCLUSIVE)):
        decisive = next((step for step in enforced if step.state is state), None)
        if decisive is not None:
            return verdict, decisive
    doubtful = next((step for step in troubled if step.action is Action.LOG), None)
    return (Verdict.VALID_WITH_WARNINGS, doubtful) if doubtful is not None else (Verdict.VALID, _VALID)


def check_integrity(case: Case) -> str:
    """Step 1, integrity, with step 6, payload, inside: a signature for other content must never show a trusted signer.

    signature-specification.md; the static part ran before.
    """
    static = case.static
    if static.fault or not static.chain or static.target is None:
        raise CheckFailed(static.fault or "the envelope was not parsed", static.reason or Reason.MALFORMED)
    if static.target != case.subject:
        sentence = f"signature is for another artifact: {static.target.digest} of {static.target.size} bytes"
        raise CheckFailed(sentence, Reason.WRONG_SUBJECT)
    if static.plugin:
        extended = ", ".join(static.extended)
        sentence = f"critical attributes need plugin {static.plugin!r}: {extended}"
        raise CheckFailed(sentence, Reason.PLUGIN_REQUIRED, unknown=True)
    return f"intact, signed with {static.algorithm}"


def check_authenticity(case: Case) -> str:
    """Step 2, authenticity: a certificate of the chain is in a named store, and the leaf is a trusted identity."""
    kind = StoreType.AUTHORITY if case.static.scheme == SigningScheme.AUTHORITY else StoreType.CA
    anchors = _anchors(case, kind)
    trusted = next((certificate for certificate in case.static.chain if certificate.der in anchors), None)
    if trusted is None:
        raise CheckFailed("certificate chain does not contain any trusted certificate", Reason.UNTRUSTED)
    _check_identity(case)
    return f"trusted through {trusted.subject}"


def _anchors(case: Case, kind: StoreType) -> tuple[bytes, ...]:
    """Every certificate of the statement's stores of that type; one store that cannot be used spoils them all."""
    store = case.stores.together(kind, case.statement.store_names(kind))
    if store.fault:
        raise CheckFailed(store.fault, Reason.TRUST_STORE)
    if not store.certificates:
        raise CheckFailed(f"{case.statement.name} names no trust store of type {kind}", Reason.UNTRUSTED)
    return store.certificates


def _check_identity(case: Case) -> None:
    if case.statement.identities is None:
        return
    static = case.static
    if static.names_fault:
        raise CheckFailed(f"the signer matches no identity: {static.names_fault}", Reason.IDENTITY_MISMATCH)
    if not any(is_subset(identity, static.names) for identity in case.statement.identities):
        raise CheckFailed(f"signer {static.chain[0].subject} is not a trusted identity", Reason.IDENTITY_MISMATCH)


def check_expiry(case: Case) -> str:
    """Step 3, expiry: the signer's own best-by date."""
    expiry = case.static.expiry
    if expiry is None:
        return "the signature does not expire"
    if Moment(case.now) >= expiry:
        raise CheckFailed(f"signature expired {expiry.whole:%Y-%m-%d}", Reason.EXPIRED)
    return f"expires {expiry.whole:%Y-%m-%d}"


def check_timestamp(case: Case) -> str:
    """Step 4, authentic timestamp: the certificates were valid when the signature was made, or are now."""
    if case.static.scheme == SigningScheme.AUTHORITY:
        return _check_authority_time(case)
    if not _stamp_counts(case):
        return _check_now(case)
    sentence = check_stamp(case)
    status = worst_status(_stamp_chain(case), case.revocation, case.now, None)
    _check_status(status, "TSA revocation: ")
    return sentence


def _check_authority_time(case: Case) -> str:
    moment = case.static.signing_time
    for certificate in case.static.chain:
        if moment is None or not (certificate.covers(moment.whole) and certificate.covers(moment.after)):
            early = moment.whole if moment is not None else None
            raise CheckFailed(f"signing time outside validity of {certificate.subject}", _when(certificate, early))
    return "every certificate was valid at the signing time"


def _check_now(case: Case) -> str:
    for certificate in case.static.chain:
        if not certificate.covers(case.now):
            until = certificate.shown.not_after
            early = case.now < certificate.shown.not_before
            state = f"valid from {certificate.shown.not_before:%Y-%m-%d}" if early else f"expired {until:%Y-%m-%d}"
            raise CheckFailed(
                f"verification time outside validity of {certificate.subject}: {state}", _when(certificate, case.now)
            )
    return "every certificate is valid now"


def _when(certificate: CertificateFacts, moment: datetime | None) -> Reason:
    early = moment is not None and moment < certificate.shown.not_before
    return Reason.CERTIFICATE_NOT_YET_VALID if early else Reason.CERTIFICATE_EXPIRED


def _stamp_counts(case: Case) -> bool:
    """A `tsa` store is named, and the statement wants stamps always, or some certificate has expired."""
    if not case.statement.store_names(StoreType.TSA):
        return False
    always = case.statement.verify_timestamp is VerifyTimestamp.ALWAYS
    return always or any(case.now > certificate.shown.not_after for certificate in case.static.chain)


def check_stamp(case: Case) -> str:
    """Step 4 for a time stamp that counts, but for revocation of its authority; CheckFailed also when none counts."""
    if case.static.scheme == SigningScheme.AUTHORITY or not _stamp_counts(case):
        raise CheckFailed("no time stamp counts", Reason.TIMESTAMP_MISSING)
    _stamp_chain(case)
    token = _token(case)
    for certificate in case.static.chain:
        if not (certificate.covers(token.earliest) and certificate.covers(token.latest)):
            sentence = f"timestamp {token.time.isoformat()} outside validity of {certificate.subject}"
            raise CheckFailed(sentence, _when(certificate, token.earliest))
    return f"stamped {token.time.isoformat()} by {token.authority}"


def _token(case: Case) -> Token:
    if case.static.token is None and case.static.token_fault:
        raise CheckFailed(case.static.token_fault, Reason.TIMESTAMP_INVALID)
    if case.static.token is None:
        raise CheckFailed("no timestamp countersignature", Reason.TIMESTAMP_MISSING)
    return case.static.token


def _stamp_chain(case: Case) -> tuple[CertificateFacts, ...]:
    from tui.verification.notation.authority import authority_facts

    token, roots = _token(case), _anchors(case, StoreType.TSA)
    return guarded(lambda: authority_facts(token, roots), "the chain of the time stamp is malformed", Reason.TIMESTAMP_INVALID)


def check_revocation(case: Case) -> str:
    """Step 5, revocation of every certificate but the root; an invalidity date counts for signing authorities only."""
    if names_service(case.static.chain) and not (
        _holds(lambda: check_integrity(case)) and _holds(lambda: check_authenticity(case))
    ):
        raise CheckFailed("not looked up: the signer is not trusted", Reason.REVOCATION_OFFLINE, unknown=True)
    moment = case.static.signing_time
    authentic = moment.after if moment is not None and case.static.scheme == SigningScheme.AUTHORITY else None
    status = worst_status(case.static.chain, case.revocation, case.now, authentic)
    _check_status(status, "")
    return status.sentence


def _check_status(status: RevocationStatus, prefix: str) -> None:
    """Revoked and unknown fail alike, as in notation, with another reason; what nobody asked is undecided."""
    if not status.good:
        offline = status.state is RevocationState.OFFLINE
        raise CheckFailed(f"{prefix}{status.sentence}", _REVOCATION_REASON[status.state], unknown=offline)


def warned_from(start: datetime, end: datetime) -> datetime:
    """From when on an end is worth a warning: the last tenth of a life, and a week at most."""
    return end - min(LONGEST_WARNING, (end - start) / 10)


@lru_cache(maxsize=512)
def _warned(chain: tuple[CertificateFacts, ...]) -> tuple[datetime, ...]:
    """From when on the end of each certificate is worth a warning: one signer signs thousands of images."""
    return tuple(warned_from(certificate.shown.not_before, certificate.shown.not_after) for certificate in chain)


@lru_cache(maxsize=512)
def _shown(chain: tuple[CertificateFacts, ...]) -> tuple[SignerCertificate, ...]:
    return tuple(certificate.shown for certificate in chain)


def _ending(case: Case) -> str:
    """What will stop being good soon by the clock alone, empty when nothing will."""
    static = case.static
    signed, expiry = static.signing_time, static.expiry
    if signed is not None and expiry is not None and warned_from(signed.whole, expiry.whole) <= case.now < expiry.whole:
        return f"the signature expires {expiry.whole:{_MINUTE}}"
    for certificate, warned in zip(static.chain, _warned(static.chain), strict=True):
        end = certificate.shown.not_after
        if warned <= case.now <= end and _ends_with(case, end):
            return f"the certificate of {certificate.subject} ends {end:{_MINUTE}}, and no time stamp outlives it"
    return ""


def _ends_with(case: Case, end: datetime) -> bool:
    """True when the signature will not be good any more once a certificate has ended."""
    if case.static.scheme == SigningScheme.AUTHORITY:
        return False
    later = msgspec.structs.replace(case, now=shifted(end, timedelta(seconds=1)))
    return not (_stamp_counts(later) and _holds(lambda: check_stamp(later)))


def _shown_stamp(case: Case, steps: tuple[VerificationStep, ...]) -> Timestamp | None:
    """The stamp for display; trusted when step 4 passed because of it."""
    token = case.static.token
    if token is None:
        return None
    passed = any(step.name is StepName.TIMESTAMP and step.state is StepState.PASSED for step in steps)
    trusted = passed and case.static.scheme == SigningScheme.X509 and _stamp_counts(case)
    return Timestamp(token.time, token.accuracy / 1_000_000, token.authority, trusted)


def _outcome(
    static: StaticResult,
    subject: Target,
    verdict: Verdict,
    sentence: str,
    reason: Reason,
    steps: tuple[VerificationStep, ...] = (),
) -> Outcome:
    return Outcome(
        system=SignatureSystem.NOTATION,
        verdict=verdict,
        sentence=sentence,
        reason=reason,
        steps=steps,
        signer=static.chain[0].subject if static.chain else "",
        chain=_shown(static.chain),
        scheme=static.scheme,
        signing_time=static.signing_time.whole if static.signing_time is not None else None,
        expiry=static.expiry.whole if static.expiry is not None else None,
        agent=static.agent,
        envelope_digest=static.digest,
        media_type=static.media_type,
        subject_digest=clean(subject.digest, 160),
    )

"""From what was read to outcomes, pure: the static part once for each envelope, that of clock and policy as often as asked."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from tui.domain.facts.attached import FoundBy
from tui.domain.facts.build_claim import BuildClaim
from tui.domain.facts.demand import ArtifactDemand
from tui.domain.facts.signature import Outcome, Reason, SignatureSystem, Verdict
from tui.sources.signatures.artifacts import Artifact
from tui.sources.signatures.trust import Trust
from tui.verification.chains import CertificateFacts
from tui.verification.cosign.bundle import is_decisive
from tui.verification.cosign.bundle_judge import verify_bundle
from tui.verification.cosign.keys import CosignPolicy
from tui.verification.cosign.simple import MEDIA_TYPE as SIMPLE
from tui.verification.cosign.simple import carried_moments, signature_of_layer, verify_simple
from tui.verification.cosign.steps import faulty
from tui.verification.notation.judge import judge, revocation_lookups, warned_from
from tui.verification.notation.payload import Target
from tui.verification.notation.policy import Statement
from tui.verification.notation.static import StaticResult, parse_envelope
from tui.verification.pkix.moment import shifted
from tui.verification.revocation import OFFLINE, Lookup, RevocationChecker, names_service

__all__ = ["Assessment", "StaticResults", "StoredSignature", "assess"]

MAX_STATICS = 20_000
REVOCATION_AGAIN = timedelta(hours=1)
REVOCATION_RETRY = timedelta(minutes=5)


class StoredSignature(msgspec.Struct, frozen=True):
    """One signature as it is kept: of notation's the static result, of cosign's the bytes."""

    artifact: Artifact
    static: StaticResult | None = None


class Assessment(msgspec.Struct, frozen=True):
    """What the signatures on one manifest are worth; `lookups` would say more, and `due` is when that may have changed.

    `built_by` is what attestations on it say of who built it.
    """

    outcomes: tuple[Outcome, ...]
    lookups: tuple[Lookup, ...] = ()
    due: datetime | None = None
    built_by: tuple[BuildClaim, ...] = ()

    def is_same(self, other: Assessment) -> bool:
        """Whether another says the same of the image."""
        return (self.outcomes, self.built_by) == (other.outcomes, other.built_by)


class StaticResults:
    """Static results by media type and digest of the envelope: many images carry the same one under many names."""

    def __init__(self, limit: int = MAX_STATICS) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[str, str], StaticResult] = OrderedDict()

    def found(self, artifact: Artifact) -> StoredSignature:
        """The artifact with its static result, without the bytes that are not needed any more."""
        if artifact.system is not SignatureSystem.NOTATION:
            return StoredSignature(artifact)
        key = artifact.media_type, artifact.digest
        static = self._kept.get(key)
        if static is None:
            static = self._parsed(artifact)
            self._kept[key] = static
            if len(self._kept) > self._limit:
                self._kept.popitem(last=False)
        return StoredSignature(msgspec.structs.replace(artifact, data=b""), static)

    def _parsed(self, artifact: Artifact) -> StaticResult:
        if artifact.fault:
            return StaticResult(artifact.digest, artifact.media_type, fault=artifact.fault, reason=Reason.MALFORMED)
        return parse_envelope(artifact.data, artifact.media_type)


def assess(
    demand: ArtifactDemand,
    signatures: tuple[StoredSignature, ...],
    trust: Trust,
    now: datetime,
    revocation: RevocationChecker = OFFLINE,
) -> Assessment:
    """The outcomes under a policy at a moment; artifacts that turn out to be no signatures are left out."""
    subject = Target(demand.subject.media_type, demand.subject.digest, demand.subject.size)
    repository = str(demand.name)
    statement = trust.document.select(repository) if trust.document is not None else None
    outcomes = [_outcome(signature, subject, repository, statement, trust, now, revocation) for signature in signatures]
    outcomes = _beside_bundles(signatures, outcomes, subject.digest, trust.cosign or CosignPolicy())
    relevant = tuple([outcome for outcome in outcomes if outcome.reason is not Reason.NOT_A_SIGNATURE])
    relevant = relevant or _skipped(statement, trust, subject)
    lookups = _lookups(statement, signatures, subject, trust, now)
    return Assessment(relevant, lookups, _due(signatures, relevant, lookups, now))


def _outcome(
    signature: StoredSignature,
    subject: Target,
    repository: str,
    statement: Statement | None,
    trust: Trust,
    now: datetime,
    revocation: RevocationChecker,
) -> Outcome:
    if signature.static is not None:
        outcome = _notation(signature.static, subject, statement, trust, now, revocation)
    else:
        outcome = _cosign(signature.artifact, subject.digest, repository, trust.cosign, now)
    outcome = msgspec.structs.replace(outcome, artifact=signature.artifact.manifest, found_by=signature.artifact.found_by)
    return _where_it_lies(outcome) if outcome.verdict.accepted else outcome


_WORDS = {
    FoundBy.UNUSED: (
        Verdict.INVALID,
        Reason.NOT_LOOKED_AT,
        "it lies under the tag schema alone, where notation and cosign do not look as the registry offers the referrers API",
    ),
    FoundBy.UNSURE: (
        Verdict.INCONCLUSIVE,
        Reason.REFERRERS_UNKNOWN,
        "it lies under the tag schema, where notation and cosign look only if the registry has no referrers API, and that failed",
    ),
}


def _where_it_lies(outcome: Outcome) -> Outcome:
    """A good signature is worth nothing where the tools of the field do not look for it."""
    for way, (verdict, reason, sentence) in _WORDS.items():
        if outcome.found_by == way:
            return msgspec.structs.replace(outcome, verdict=verdict, reason=reason, sentence=sentence)
    return outcome


_BUNDLES_ALONE = "cosign judges an image that has bundles by them alone, and none of them is a good signature of it"


def _beside_bundles(
    signatures: tuple[StoredSignature, ...], outcomes: list[Outcome], digest: str, policy: CosignPolicy
) -> list[Outcome]:
    """Good simple signatures are worth nothing beside bundles of which none is good (cosign verify.go, NewBundleFormat)."""
    good = [outcome for outcome in outcomes if outcome.media_type == SIMPLE and outcome.verdict.accepted]
    bundled = [signature.artifact for signature in signatures if _is_bundle(signature)]
    if not good or not bundled:
        return outcomes
    decisive = [artifact for artifact in bundled if is_decisive(artifact.data, digest)]
    judged = [verify_bundle(artifact.data, digest, policy, "") for artifact in (bundled if decisive else ())]
    if not decisive or any(outcome.verdict.accepted for outcome in judged):
        return outcomes
    undecided = any(outcome.verdict is Verdict.INCONCLUSIVE for outcome in judged)
    verdict = Verdict.INCONCLUSIVE if undecided else Verdict.INVALID
    return [
        msgspec.structs.replace(outcome, verdict=verdict, reason=Reason.BY_BUNDLES, sentence=_BUNDLES_ALONE)
        if outcome in good
        else outcome
        for outcome in outcomes
    ]


def _is_bundle(signature: StoredSignature) -> bool:
    artifact = signature.artifact
    return artifact.system is SignatureSystem.COSIGN and artifact.media_type != SIMPLE and not artifact.fault


def _notation(
    static: StaticResult,
    subject: Target,
    statement: Statement | None,
    trust: Trust,
    now: datetime,
    revocation: RevocationChecker,
) -> Outcome:
    outcome = judge(static, subject, statement, trust.stores, now, revocation)
    if trust.fault:
        return msgspec.structs.replace(outcome, verdict=Verdict.INCONCLUSIVE, sentence=trust.fault, reason=Reason.TRUST_STORE)
    return outcome


def _cosign(artifact: Artifact, digest: str, repository: str, policy: CosignPolicy | None, now: datetime) -> Outcome:
    """Without anybody to trust the steps still tell what the artifact is."""
    if artifact.fault:
        return faulty(artifact.fault, digest, artifact.media_type, artifact.digest)
    if artifact.media_type == SIMPLE:
        signature = signature_of_layer(artifact.media_type, artifact.data, artifact.annotations)
        outcome = verify_simple(signature, digest, repository, policy or CosignPolicy(), now)
    else:
        outcome = verify_bundle(artifact.data, digest, policy or CosignPolicy())
    if policy is None and outcome.verdict is Verdict.INCONCLUSIVE and outcome.reason is Reason.NO_KEY:
        words = "no cosign key and no identity is configured for it"
        return msgspec.structs.replace(outcome, verdict=Verdict.NO_POLICY, sentence=words, reason=Reason.NO_POLICY)
    return outcome


def _skipped(statement: Statement | None, trust: Trust, subject: Target) -> tuple[Outcome, ...]:
    """A statement of level skip says so even where there is no signature."""
    nothing = judge(StaticResult("", ""), subject, statement, trust.stores, _NEVER)
    return (nothing,) if nothing.verdict is Verdict.SKIPPED else ()


_NEVER = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _lookups(
    statement: Statement | None, signatures: Iterable[StoredSignature], subject: Target, trust: Trust, now: datetime
) -> tuple[Lookup, ...]:
    if statement is None:
        return ()
    statics = [signature.static for signature in signatures if signature.static is not None]
    revocable = [static for static in statics if _may_be_revoked(static)]
    per_signature = [revocation_lookups(static, subject, statement, trust.stores, now) for static in revocable]
    return tuple(dict.fromkeys([lookup for lookups in per_signature for lookup in lookups]))


def _may_be_revoked(static: StaticResult) -> bool:
    """Whether a certificate names a service; that of a time stamp is only known when its chain has been built."""
    return static.token is not None or names_service(static.chain)


def _due(
    signatures: Iterable[StoredSignature], outcomes: Iterable[Outcome], lookups: tuple[Lookup, ...], now: datetime
) -> datetime | None:
    """The next moment at which the clock alone may change an outcome."""
    moments = [moment for signature in signatures for moment in _moments(signature) if moment > now]
    if lookups:
        unknown = any(step.reason is Reason.REVOCATION_UNKNOWN for outcome in outcomes for step in outcome.steps)
        moments.append(now + (REVOCATION_RETRY if unknown else REVOCATION_AGAIN))
    return min(moments, default=None)


def _moments(signature: StoredSignature) -> Iterable[datetime]:
    static = signature.static
    if static is None:
        return carried_moments(signature.artifact.annotations) if signature.artifact.media_type == SIMPLE else []
    ends = _turns(static.chain)
    if static.expiry is not None and static.signing_time is not None:
        ends = (*ends, warned_from(static.signing_time.whole, static.expiry.whole), static.expiry.after)
    return ends


@lru_cache(maxsize=512)
def _turns(chain: tuple[CertificateFacts, ...]) -> tuple[datetime, ...]:
    """When the certificates of a chain begin to count, to end soon, and to count no more: the same for all that one signs."""
    second = timedelta(seconds=1)  # certificates are valid to the end of their last second
    lives = [(certificate.shown.not_before, certificate.shown.not_after) for certificate in chain]
    return tuple([moment for start, end in lives for moment in (start, warned_from(start, end), shifted(end, second))])

"""The check `signature`: is a signature present on the digest that the name gives, and verified against the trust policy?

notation and cosign verify the digest that a reference names, and nothing below or above it: of an index the index, of a
platform's manifest that manifest. So a signature on an index says nothing of a pod that is pinned to a platform, and signed
platforms do not sign the index that names them: whoever may push can put another one beside them. One good signature is enough.
What was not looked at is unknown, never unsigned.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from tui.domain.checks.context import ImageContext
from tui.domain.checks.reading_steps import reading_step
from tui.domain.common.source_id import SourceKind, alone
from tui.domain.common.text import full_stop, plural, short
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.facts.events import SignaturesVerified
from tui.domain.facts.signature import Outcome, Reason, SignatureSystem, Verdict, best
from tui.domain.registries.catalog import CatalogImage

__all__ = ["CONTENT_TRUST", "are_signatures_awaited", "check_signature", "is_awaited"]

CONTENT_TRUST = "Docker Content Trust data exists: retired 2028-03-31, not verified."
"""Microsoft's deprecation of Docker Content Trust in ACR (container-registry-content-trust-deprecation)."""
_AWAITED = "signatures not looked for yet"
_TOOLS = "notation verify and cosign verify"
_ASK = "Ask for it by name: trustree check QUERY looks for the signatures of what the query finds."
_SIGN = (
    "Find out first who built and pushed it: an unsigned image may come from anyone. "
    "If it is what it should be: notation sign {0}@{1}, or cosign sign --key KEY {0}@{1}."
)
_BEFORE = "Sign it again before then. A time stamp (notation sign --timestamp-url URL) outlives the certificate."
_AGAIN = "Sign it again with a current notation or cosign: the signature breaks its format."
_BRIEFS = {
    Reason.EXPIRED: "signature expired",
    Reason.CERTIFICATE_EXPIRED: "signer's certificate expired",
    Reason.CERTIFICATE_NOT_YET_VALID: "signer not yet valid",
    Reason.TIMESTAMP_MISSING: "no time stamp",
    Reason.TIMESTAMP_INVALID: "time stamp invalid",
    Reason.TIMESTAMP_UNTRUSTED: "untrusted time stamp",
    Reason.UNTRUSTED: "untrusted signer",
    Reason.IDENTITY_MISMATCH: "wrong signer",
    Reason.WRONG_KEY: "wrong key",
    Reason.WRONG_SUBJECT: "signature of another image",
    Reason.REVOKED: "signer revoked",
    Reason.REVOCATION_UNKNOWN: "revocation unknown",
    Reason.NOT_LOOKED_AT: "signature where no tool looks",
    Reason.BY_BUNDLES: "bad bundle beside a signature",
    Reason.REFERRERS_UNKNOWN: "referrers not read",
}
_REMEDIES = {
    Reason.EXPIRED: "Sign it again, or rebuild it.",
    Reason.CERTIFICATE_EXPIRED: "Sign it again with a valid certificate, and with a time stamp (notation sign --timestamp-url).",
    Reason.TIMESTAMP_MISSING: "Sign it again with a time stamp: notation sign --timestamp-url URL.",
    Reason.UNTRUSTED: "If this signer is right, add its root to a trust store that the policy names (notation certificate add). "
    "If not, do not run it: find out who signed it.",
    Reason.IDENTITY_MISMATCH: "If this signer is right, add it to the identities that the trust policy names. "
    "If not, do not run it: find out who signed it.",
    Reason.WRONG_SUBJECT: "Do not run it: somebody attached a signature that was made for other content.",
    Reason.REVOKED: "Do not run it: find out why the certificate was revoked, and sign again.",
    Reason.REVOCATION_UNKNOWN: "Make the revocation service reachable, or let the trust policy log revocation.",
    Reason.REVOCATION_OFFLINE: 'Turn revocation checks on: revocation = "online" under [signatures].',
    Reason.NO_KEY: "Name the signer's public key in the configuration: cosign_keys under [signatures].",
    Reason.MISSING_EXTRA: "Install the optional part: pip install 'trustree[sigstore]'.",
    Reason.NO_POLICY: "Write a trust policy (trustpolicy.json of notation), or name cosign_keys under [signatures].",
    Reason.PLUGIN_REQUIRED: "Verify it with notation and the plugin that the signature asks for.",
    Reason.WRONG_KEY: "If another key may sign it, add that to cosign_keys under [signatures]; if not, have it signed again.",
    Reason.SIGNATURE_MISMATCH: "Find out who attached or altered it. Then sign the image again.",
    Reason.LOG_INVALID: "Find out who attached it: its entry in the log is not right. Then sign the image again.",
    Reason.LOG_MISSING: "Sign it again with an entry in the transparency log: cosign sign without --tlog-upload=false.",
    Reason.MALFORMED: _AGAIN,
    Reason.CRITICAL_ATTRIBUTE: _AGAIN,
    Reason.CHAIN: "Sign it again with a certificate made for signing code, and with all of its chain.",
    Reason.ALGORITHM: "Sign it again with a key and an algorithm that notation and cosign allow.",
    Reason.UNSUPPORTED: "Verify it with the tool that made it, or sign it with notation or cosign in a format that is read here.",
    Reason.CERTIFICATE_NOT_YET_VALID: "Check the signer's clock, and sign it again when the certificate is valid.",
    Reason.TIMESTAMP_INVALID: "Sign it again with a time stamp: notation sign --timestamp-url URL.",
    Reason.TIMESTAMP_UNTRUSTED: "If this authority is right, add its root to a trust store of type tsa that the policy names. "
    "If not, sign it again with a time stamp of one that is trusted.",
    Reason.TRUST_STORE: "Fix the trust store or the trust policy; notation certificate list shows the stores.",
    Reason.REFERENCE_MOVED: "Sign it again under the name that it has now, if that name is right.",
    Reason.NOT_A_SIGNATURE: "What is attached is an attestation. Find out who built and pushed the image before it is signed.",
    Reason.NOT_LOOKED_AT: "Push its manifest again, or sign again: the registry then lists it by its subject (oras discover).",
    Reason.BY_BUNDLES: "Find out who attached the bundle; delete it where it is wrong, or sign again with cosign 3.",
    Reason.REFERRERS_UNKNOWN: "Make the registry's referrers API answer: it is retried.",
}
# Where cosign is told otherwise than notation.
_COSIGN_REMEDIES = {
    Reason.UNTRUSTED: "If the signer's Sigstore is right, name its trusted_root under [signatures]. "
    "If not, do not run it: find out who signed it.",
    Reason.IDENTITY_MISMATCH: "If this signer is right, add it to the identities under [signatures]. "
    "If not, do not run it: find out who signed it.",
    Reason.NO_KEY: "Name what the sentence misses under [signatures]: cosign_keys, identities, or a trusted_root.",
    Reason.MISSING_EXTRA: "Name a trusted_root under [signatures], or pip install 'trustree[sigstore]'.",
    Reason.TRUST_STORE: "Name a trusted_root under [signatures].",
    Reason.CERTIFICATE_EXPIRED: "Sign it again, with an entry in the transparency log.",
}


def check_signature(context: ImageContext) -> Check:
    """Whether every digest that a name gives of the image has a signature that the trust policy accepts: the worst answer."""
    rules = context.rules
    if rules.unsigned is State.OFF and rules.unverified is State.OFF:
        return _check(context, State.OFF, "The policy asks for no signatures.")
    if context.catalogued is None:
        reason = f"Whether it is signed is not known: {context.absent}"
        step = reading_step(context.key.registry, context.absent)
        return _check(context, State.UNKNOWN, reason, brief="not readable", remedy=step)
    if context.signatures_lost:
        return _not_looked_at(context, context.signatures_lost)
    answers = [
        _answer(context, context.catalogued, digest) for digest in context.named_digests or context.catalogued.named_digests
    ]
    return max(answers, key=lambda answer: answer.state.severity)  # the first of the worst


def is_awaited(check: Check) -> bool:
    """Whether somebody is still to look for the signatures of something that runs, or would: what is known is not all."""
    return check.name is CheckName.SIGNATURE and check.brief == _AWAITED


def are_signatures_awaited(checks: Iterable[Check]) -> bool:
    """The same of all checks of an image, of which one is about its signatures."""
    for check in checks:
        if check.name is CheckName.SIGNATURE:
            return is_awaited(check)
    return False


def _answer(context: ImageContext, image: CatalogImage, digest: str) -> Check:
    """Whether the manifest of a digest is signed."""
    signatures = next((candidate for candidate in context.signatures if candidate.subject == digest), None)
    accepted = _accepted(context, signatures)
    if accepted is not None:
        return _signed(context, accepted, _part(context, image, digest))
    if signatures is None:
        return _not_yet(context, image, digest)
    if signatures.error:
        return _check(context, State.UNKNOWN, f"Not every signature could be read: {signatures.error}", "signatures not read")
    decisive = best(signatures.outcomes)
    if decisive is None:
        return _unsigned(context, image, signatures)
    return _unverified(context, decisive, len(signatures.outcomes))


def _not_yet(context: ImageContext, image: CatalogImage, digest: str) -> Check:
    why = dict(context.signatures_missed).get(digest, "") or image.refused
    if why:
        return _not_looked_at(context, full_stop(why))
    if context.in_use:
        reason = "Whether it is signed is not known: Signatures have not been looked for yet."
        return _check(context, State.UNKNOWN, reason, _AWAITED)
    return _not_looked_at(context, "nothing that is known runs it, so nobody has looked.", _ASK)


def _not_looked_at(context: ImageContext, why: str, remedy: str = "") -> Check:
    return _check(context, State.UNKNOWN, f"Whether it is signed is not known: {why}", "signatures not read", remedy)


def _part(context: ImageContext, image: CatalogImage, digest: str) -> str:
    """What of the image a digest is, in words."""
    if digest != context.key.digest:
        member = next((member for member in image.members if member.manifest == digest), None)
        if member is None:
            return f"index {short(digest)} in it"
        return f"platform {member.platform}" if member.platform is not None else f"manifest {short(digest)}"
    return "index" if image.digests[1:] else "image"


def _unsigned(context: ImageContext, image: CatalogImage, signatures: SignaturesVerified) -> Check:
    """No signature is on the digest that the name gives; those on other digests of the image are not what the tools look at."""
    platforms = {member.manifest for member in image.members}
    others = {other.subject for other in context.signatures if _accepted(context, other) is not None}
    part, notes = _part(context, image, signatures.subject), "".join(f" {note}" for note in signatures.notes)
    where = f" on the {part}" if part != "image" else ""
    brief, beside = "unsigned (tags only)" if notes else "unsigned", ""
    if others and signatures.subject == context.key.digest:
        brief = "index not signed"
        signed = len(others & platforms)
        are = "is" if signed == 1 else "are"
        below = f"{signed} of its {plural(len(platforms), 'platform')} {are} signed" if signed else "An index in it is signed"
        beside = f" {below}, but the name gives the index: {_TOOLS} look at that alone, and refuse it."
    elif others:
        brief = "platform not signed"
        beside = f" Another digest of it is signed, but the name gives {short(signatures.subject)}: {_TOOLS} look at that alone."
    reason = f"No signature was found{where}.{beside}{notes}"
    return _check(context, context.rules.unsigned, reason, brief, _sign(context, signatures.subject), "unsigned")


def _accepted(context: ImageContext, signatures: SignaturesVerified | None) -> Outcome | None:
    """The best accepted signature on a manifest, of those that the policy wants if it names any."""
    good = tuple(outcome for outcome in (signatures.outcomes if signatures is not None else ()) if outcome.verdict.accepted)
    by_signers = tuple(outcome for outcome in good if _is_wanted(context.rules.signers, outcome.signer))
    return best(tuple(outcome for outcome in by_signers if not outcome.ending)) or best(by_signers)


def _is_wanted(signers: tuple[str, ...], signer: str) -> bool:
    return not signers or any(_pattern(pattern).fullmatch(signer) for pattern in signers)


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")))


def _signed(context: ImageContext, outcome: Outcome, where: str) -> Check:
    signed = f"Signed by {outcome.signer or 'an unnamed signer'} ({outcome.system}, on the {where})"
    under = f" under {outcome.statement}" if outcome.statement else ""
    if outcome.verdict is Verdict.VALID and outcome.ending:
        reason = f"{signed}, verified{under}, but {outcome.ending}."
        return _check(context, State.WARN, reason, "signature ends soon", _BEFORE)
    if outcome.verdict is Verdict.VALID:
        return _check(context, State.PASS, f"{signed}, verified{under}.")
    reason = f"{signed}, accepted with a warning{under}: {outcome.sentence}."
    return _check(context, State.WARN, reason, _BRIEFS.get(outcome.reason, "signed, with a warning"), _remedy(outcome))


def _unverified(context: ImageContext, outcome: Outcome, count: int) -> Check:
    state, remedy = context.rules.unverified, _remedy(outcome)
    description = _described(outcome)
    match outcome.verdict:
        case Verdict.SKIPPED:
            return _check(context, State.OFF, f"The trust policy does not ask: {outcome.sentence}.")
        case Verdict.NO_POLICY:
            reason = f"Signed, but nothing says whom to trust: {outcome.sentence} ({description})."
            return _check(context, State.UNKNOWN, reason, "no trust policy", remedy)
        case Verdict.INCONCLUSIVE:
            reason = f"Signed, but whether the signature is valid is not known: {outcome.sentence} ({description})."
            return _check(context, State.UNKNOWN, reason, "signature undecided", remedy)
        case Verdict.INVALID:
            some = f"None of its {count} signatures verifies" if count > 1 else "Its signature does not verify"
            some = "No signature counts" if outcome.reason in (Reason.NOT_LOOKED_AT, Reason.BY_BUNDLES) else some
            brief = _BRIEFS.get(outcome.reason, "signature invalid")
            return _check(context, state, f"{some}: {outcome.sentence} ({description}).", brief, remedy)
        case Verdict.VALID | Verdict.VALID_WITH_WARNINGS:
            signers = ", ".join(context.rules.signers)
            reason = f"Signed by {outcome.signer}, but the policy asks for {signers}."
            return _check(context, state, reason, "wrong signer", "Have it signed by them, or change the policy.", "signers")


def _remedy(outcome: Outcome) -> str | None:
    """What to do about it, in the words of the system that signed."""
    usual = _REMEDIES.get(outcome.reason)
    return _COSIGN_REMEDIES.get(outcome.reason, usual) if outcome.system is SignatureSystem.COSIGN else usual


def _described(outcome: Outcome) -> str:
    """System, scheme, signer and the end of the signer's certificate, as far as they are known."""
    until = f"certificate until {outcome.chain[0].not_after:%Y-%m-%d}" if outcome.chain else ""
    signer = f"by {outcome.signer}" if outcome.signer else ""
    expiry = f"expires {outcome.expiry:%Y-%m-%d}" if outcome.expiry is not None else ""
    return ", ".join(filter(None, (outcome.system.value, outcome.scheme, signer, until, expiry)))


def _sign(context: ImageContext, digest: str) -> str:
    key = context.key
    return _SIGN.format(str(key.name), digest)


def _check(
    context: ImageContext, state: State, reason: str, brief: str = "", remedy: str | None = None, rule: str = "unverified"
) -> Check:
    verified = min((signatures.at for signatures in context.signatures), default=None)
    answer = f"{reason} {CONTENT_TRUST}" if context.content_trust and state is not State.OFF else reason
    rule = context.rules.cite(rule)
    return Check(
        CheckName.SIGNATURE,
        state,
        answer,
        alone(SourceKind.SIGNATURES),
        verified,
        rule,
        "" if state is State.PASS else brief,
        remedy or "",
    )

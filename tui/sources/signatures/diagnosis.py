"""What `doctor` says of signatures: each thing that is trusted, whether it can be read, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tui.domain.common.text import plural
from tui.domain.facts.asking import RevocationMode
from tui.domain.facts.diagnosis import Diagnosis, Tried
from tui.sources.signatures.options import SignatureOptions, TrustPaths
from tui.sources.signatures.trust import Trust, read_trust
from tui.verification.cosign.keyless import available

__all__ = ["diagnose"]


def diagnose(options: SignatureOptions, now: datetime) -> list[Diagnosis]:
    """Read everything once. Blocks."""
    diagnoses = [line for trusted in options.all for line in _trusted(trusted, read_trust(trusted, now))]
    return [*dict.fromkeys(diagnoses), _revocation(options), _keyless(options)]


def _trusted(trusted: TrustPaths, trust: Trust) -> Iterator[Diagnosis]:
    if trust.document is not None:
        counts = f"{plural(trust.statements, 'statement')}, {plural(trust.certificates, 'trusted certificate')}"
        detail = f"{trusted.notation_config}: {counts}"
        yield Diagnosis("trust policy", Tried.OK, "; ".join((detail, *trust.notes)))
    elif not trust.fault:
        detail = f"none in {trusted.notation_config or 'any place'}"
        remedy = "Write trustpolicy.json there (notation policy init), or name its directory: notation_config under [signatures]."
        yield Diagnosis("trust policy", Tried.OFF, detail, remedy=remedy)
    if trust.cosign is None:
        yield Diagnosis("cosign", Tried.OFF, "no key and no identity is named", remedy="Name cosign_keys under [signatures].")
    else:
        keys, logs = plural(len(trust.cosign.keys), "key"), plural(len(trust.cosign.logs), "log")
        detail = f"{keys}, {plural(len(trust.cosign.identities), 'identity')}, {logs}"
        yield Diagnosis("cosign", Tried.OK, f"{detail}{_place(trusted)}")
    for problem in trust.problems:
        yield Diagnosis(problem.what, Tried.FAILED, problem.reason, remedy=problem.remedy)


def _revocation(options: SignatureOptions) -> Diagnosis:
    if options.revocation is RevocationMode.OFFLINE:
        remedy = 'Set revocation = "online" under [signatures].'
        return Diagnosis("revocation", Tried.OFF, "responders and lists are not asked", remedy=remedy)
    return Diagnosis("revocation", Tried.OK, "responders and lists are asked once a signer is trusted")


def _place(trusted: TrustPaths) -> str:
    """Where signatures lie when that is not beside their images."""
    return f"; signatures are looked for in {trusted.elsewhere} only" if trusted.elsewhere is not None else ""


def _keyless(options: SignatureOptions) -> Diagnosis:
    """By which root keyless bundles are judged."""
    roots = list(dict.fromkeys(trusted.trusted_root for trusted in options.all if trusted.trusted_root))
    if roots:
        return Diagnosis("keyless bundles", Tried.OK, f"by the trusted root {', '.join(roots)}")
    if available():
        return Diagnosis("keyless bundles", Tried.OK, "sigstore is installed: by the root of the public Sigstore")
    remedy = "Name a trusted_root under [signatures], or pip install 'trustree[sigstore]'."
    return Diagnosis("keyless bundles", Tried.OFF, "no trusted root is named, and sigstore is not installed", remedy=remedy)

"""Revocation judged by what was fetched: OCSP first, a list where OCSP leaves it unknown. Pure."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tui.verification.revocation import FetchAnswer, Lookup, RevocationState, RevocationStatus, without_method
from tui.verification.revocation_judge import judge_crl, judge_ocsp

__all__ = ["FetchedRevocation"]


class FetchedRevocation(msgspec.Struct, frozen=True):
    """Answers by key (`ocsp_key`, `crl_key`)."""

    answers: dict[str, FetchAnswer]

    def status(self, lookup: Lookup, now: datetime, signing_time: datetime | None) -> RevocationStatus:
        """OCSP, then CRL when OCSP leaves it unknown."""
        nothing = without_method(lookup)
        if nothing is not None:
            return nothing
        certificate = lookup.certificate
        status = RevocationStatus(RevocationState.OFFLINE, f"revocation of {certificate.subject} was not looked up")
        if certificate.ocsp:
            status = judge_ocsp(lookup, self.answers, now, signing_time)
        if certificate.crl and not status.good and status.state is not RevocationState.REVOKED:
            status = judge_crl(lookup, self.answers, now, signing_time)
        return status

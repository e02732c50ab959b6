"""Time to parse and judge one signature: JWS, COSE, and each with a time stamp that counts."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median

from tests.bench.results import Result
from tests.sources.signatures.cases import GOOD, SUBJECT, statement, stores
from tests.sources.signatures.signer import COSE, ENVELOPES, JWS, NOW, Ask, Stamp, stamping, token, usual, with_token
from tui.verification.chains import signing_chain
from tui.verification.notation.judge import judge
from tui.verification.notation.policy import Statement
from tui.verification.notation.static import parse_envelope
from tui.verification.notation.truststores import TrustStores

__all__ = ["run"]

ROUNDS = 200
LIMITS = {JWS: 1.2, COSE: 0.7}
WITH_STAMP = 20.0
FIRST = 2.0


def run() -> list[Result]:
    """Medians in milliseconds; an RSA signer for JWS and COSE, as Azure's are, and the time to judge a cached envelope."""
    plain, trust = statement(), stores(ca=usual("PS256").root, authority=usual("PS256").root)
    authority = stamping()
    stamped_trust = stores(ca=usual("PS256").root, tsa=authority.root)
    stamped = statement(trustStores=["ca:c", "tsa:t"])
    ask = Ask(usual("PS256"), expiry=NOW + timedelta(days=9))
    found = []
    for media_type, make in ENVELOPES.items():
        data = make(ask)
        found.append(_result(_label(media_type), LIMITS[media_type], _whole(data, media_type, plain, trust)))
        with_stamp = with_token(media_type, ask, lambda signature: token(Stamp(authority), signature))
        whole = _whole(with_stamp, media_type, stamped, stamped_trust)
        found.append(_result(f"{_label(media_type)} with time stamp", WITH_STAMP, whole))
        first = _whole(data, media_type, plain, trust, forget=True)
        found.append(_result(f"{_label(media_type)}, first of its signer", FIRST, first))
    static = parse_envelope(ENVELOPES[COSE](ask), COSE)
    cached = _median(lambda: judge(static, SUBJECT, plain, trust, NOW, GOOD).verdict.accepted)
    return [*found, _result("cached envelope judged again", 0.2, cached)]


def _label(media_type: str) -> str:
    return "JWS" if media_type == JWS else "COSE"


def _whole(data: bytes, media_type: str, under: Statement, trust: TrustStores, *, forget: bool = False) -> float:
    def work() -> bool:
        if forget:
            signing_chain.cache_clear()
        return judge(parse_envelope(data, media_type), SUBJECT, under, trust, NOW, GOOD).verdict.accepted

    return _median(work)


def _median(work: Callable[[], bool]) -> float:
    """Milliseconds of one round; every round must accept."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        if not work():
            raise AssertionError("a good signature was refused")
        times.append((time.perf_counter() - started) * 1000)
    return median(times)


def _result(name: str, limit: float, figure: float) -> Result:
    return Result(f"signature: {name}", round(figure, 3), "ms", f"<= {limit} ms", figure <= limit, {"rounds": ROUNDS})

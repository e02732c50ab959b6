"""Fetching revocation data: the one place where a URL out of a certificate is followed, with every guard that this needs.

Call it with the lookups of `revocation_lookups` only: they exist once authenticity holds. http only, no address of a private
network after name resolution, redirects checked anew, five seconds, bounded bodies, answers kept until their next update.
No proxy of the environment is used: behind one, nobody could say which address is asked.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from yarl import URL

from tui.domain.common.text import clean
from tui.errors import UntrustedPayload
from tui.sources.kit.addresses import OnlyZones, Zone, ZoneRefused, is_public
from tui.sources.kit.bodies import read_body
from tui.sources.kit.exact import exact, led_to
from tui.sources.kit.http import HttpOptions, HttpSession, Outgoing
from tui.sources.kit.redirects import REDIRECTS
from tui.sources.ports import RevocationStore
from tui.verification.faults import parsed, said
from tui.verification.fetched_revocation import FetchedRevocation
from tui.verification.pkix.certificate import parse_certificate
from tui.verification.revocation import FetchAnswer, Lookup, Method, RevocationState, RevocationStatus, crl_key, ocsp_key
from tui.verification.revocation_judge import CRL_LIMIT, OCSP_LIMIT, fetchable, judge_crl, judge_ocsp, next_update

__all__ = ["FetchOptions", "PublicOnly", "RevocationFetcher", "is_public"]

MAX_REDIRECTS = 3
KEPT_BYTES = 64 << 20
OCSP_HEADERS = {"Content-Type": "application/ocsp-request", "Accept": "application/ocsp-response"}
FAULTS: tuple[type[Exception], ...] = (aiohttp.ClientError, UntrustedPayload, TimeoutError, OSError, ValueError)
KEEP_FAULT = timedelta(minutes=5)
LIMITS = {Method.OCSP: OCSP_LIMIT, Method.CRL: CRL_LIMIT}
# A responder may take back what it said at any time: it is asked again within the hour, whatever its answer allows.
KEEP_AT_MOST = {Method.OCSP: timedelta(hours=1), Method.CRL: timedelta(days=7)}


class FetchOptions(msgspec.Struct, frozen=True):
    """Limits: `timeout` in seconds for one URL, `parallel` URLs at once.

    `allow_private` is for responders inside a company network, when the operator says so.
    """

    timeout: float = 5.0
    parallel: int = 8
    allow_private: bool = False


class Refused(aiohttp.ClientError):
    """A guard forbids the request."""


class PublicOnly(OnlyZones):
    """Resolves names and refuses those with any address that is not public."""

    def __init__(self, inner: AbstractResolver) -> None:
        super().__init__(inner, _public)


async def _public() -> frozenset[Zone]:
    return frozenset({Zone.PUBLIC})


class _CachedAnswer(msgspec.Struct, frozen=True):
    answer: FetchAnswer
    expires: datetime


class RevocationFetcher:
    """Fetches what lookups need, and keeps answers until their next update."""

    def __init__(
        self,
        options: FetchOptions,
        clock: Callable[[], datetime],
        resolver: AbstractResolver | None = None,
        store: RevocationStore | None = None,
    ) -> None:
        self._options, self._store = options, store
        self._clock = clock
        self._resolver = resolver
        self._session: HttpSession | None = None
        self._kept: dict[str, _CachedAnswer] = {}
        self._slots = asyncio.Semaphore(options.parallel)

    async def __aenter__(self) -> Self:
        inner = self._resolver or aiohttp.ThreadedResolver()
        resolver = inner if self._options.allow_private else PublicOnly(inner)
        self._session = HttpSession(True, HttpOptions(connect=self._options.timeout, resolver=resolver))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._session is not None:
            await self._session.close()

    async def fetch(self, lookups: Iterable[Lookup]) -> FetchedRevocation:
        """Every answer that judging the lookups needs: OCSP first, lists where OCSP leaves it unknown."""
        answers: dict[str, FetchAnswer] = {}
        async with asyncio.TaskGroup() as group:
            for lookup in dict.fromkeys(lookups):
                group.create_task(self._one(lookup, answers), name="revocation")
        return FetchedRevocation(answers)

    async def _one(self, lookup: Lookup, answers: dict[str, FetchAnswer]) -> None:
        certificate = lookup.certificate
        for url in certificate.ocsp:
            key = ocsp_key(certificate, lookup.issuer, url)
            answers[key] = await self._answer(key, url, lookup, Method.OCSP)
            status = await asyncio.to_thread(judge_ocsp, lookup, answers, self._clock(), None)
            if status.state in (RevocationState.GOOD, RevocationState.REVOKED):
                return
        for url in certificate.crl:
            answers[crl_key(url)] = await self._answer(crl_key(url), url, lookup, Method.CRL)

    async def _answer(self, key: str, url: str, lookup: Lookup, method: Method) -> FetchAnswer:
        """A kept answer, or a fresh one; never raises for what the other side does."""
        cached, now = self._kept.get(key), self._clock()
        if cached is not None and now < cached.expires:
            return cached.answer
        stored = await self._stored(key, url, lookup, method)
        if stored is not None:
            self._keep(key, stored)
            return stored.answer
        try:
            async with self._slots:
                answer = FetchAnswer(await self._body(url, LIMITS[method], _request(lookup) if method is Method.OCSP else None))
        except FAULTS as error:
            answer = FetchAnswer(fault=f"{clean(url, 80)} did not answer: {_words(error)}")
        until = await asyncio.to_thread(next_update, key, answer.body) if answer.body else None
        self._keep(key, _CachedAnswer(answer, min(until or now + KEEP_FAULT, now + KEEP_AT_MOST[method])))
        if until is not None and self._store is not None:
            self._store.keep_answer(key, answer.body)
        return answer

    async def _stored(self, key: str, url: str, lookup: Lookup, method: Method) -> _CachedAnswer | None:
        """An answer that an earlier run fetched, if it still holds and decides the matter: judged anew, as if it came now."""
        answer = await self._store.answer(key) if self._store is not None else None
        if answer is None or len(answer[0]) > LIMITS[method]:
            return None
        (body, fetched), now = answer, self._clock()
        until = await asyncio.to_thread(next_update, key, body)
        if until is None or not fetched <= now < min(until, fetched + KEEP_AT_MOST[method]):
            return None
        status = await asyncio.to_thread(_judged_alone, lookup, url, {key: FetchAnswer(body)}, method, now)
        if status.state not in (RevocationState.GOOD, RevocationState.REVOKED):
            return None
        return _CachedAnswer(FetchAnswer(body), min(until, fetched + KEEP_AT_MOST[method]))

    def _keep(self, key: str, answer: _CachedAnswer) -> None:
        """Keep an answer, and let the oldest go when they become too many."""
        self._kept.pop(key, None)
        self._kept[key] = answer
        while len(self._kept) > 1 and sum(len(cached.answer.body) for cached in self._kept.values()) > KEPT_BYTES:
            self._kept.pop(next(iter(self._kept)))

    async def _body(self, url: str, limit: int, request: bytes | None) -> bytes:
        """The body after at most three redirects, each checked like the first URL."""
        if self._session is None:
            raise Refused("the fetcher is closed")
        session, target = self._session, exact(url)
        headers = {} if request is None else OCSP_HEADERS
        for _ in range(MAX_REDIRECTS + 1):
            self._check(target)
            method = "GET" if request is None else "POST"
            outgoing = Outgoing(method, target, headers, request)
            async with asyncio.timeout(self._options.timeout), await session.send(outgoing) as answer:
                if answer.status in REDIRECTS:
                    target = led_to(target, answer.headers.get("location", ""))
                    continue
                if answer.status != 200:
                    raise Refused(f"status {answer.status}")
                return await read_body(answer.pieces(), limit, None, _too_large)
        raise Refused("too many redirects")

    def _check(self, target: URL) -> None:
        """Literal addresses never meet the resolver: they are checked here."""
        if not fetchable(str(target)) or not target.host or target.user or target.password:
            raise Refused("not a plain http URL")
        try:
            literal = is_public(target.host)
        except ValueError:
            return
        if not literal and not self._options.allow_private:
            raise Refused("an address in a private network")


def _judged_alone(lookup: Lookup, url: str, answers: dict[str, FetchAnswer], method: Method, now: datetime) -> RevocationStatus:
    """What one answer decides, without those of other responders and lists."""
    urls = {"ocsp": (url,), "crl": ()} if method is Method.OCSP else {"ocsp": (), "crl": (url,)}
    alone = msgspec.structs.replace(lookup, certificate=msgspec.structs.replace(lookup.certificate, **urls))
    return judge_ocsp(alone, answers, now, None) if method is Method.OCSP else judge_crl(alone, answers, now, None)


def _request(lookup: Lookup) -> bytes:
    """An OCSP request by SHA-1 identifiers, the only ones that public responders all answer."""
    certificate, issuer = parse_certificate(lookup.certificate.der), parse_certificate(lookup.issuer.der)
    naming = hashes.SHA1()  # noqa: S303  # an identifier
    names = (hashlib.sha1(issuer.subject.der).digest(), hashlib.sha1(issuer.key_bits).digest())  # noqa: S324  # identifiers
    builder = ocsp.OCSPRequestBuilder()
    return parsed(lambda: builder.add_certificate_by_hash(*names, certificate.serial, naming).build().public_bytes(Encoding.DER))


def _words(error: Exception) -> str:
    """Why there is no answer."""
    match error:
        case Refused() | ZoneRefused():
            return clean(str(error), 160)
        case TimeoutError():
            return "it took too long"
        case aiohttp.ClientConnectorError(os_error=ZoneRefused() as private):
            return clean(str(private), 160)
        case OSError():
            return "there is no connection"
        case aiohttp.ClientError() | UntrustedPayload():
            return "what it sent is not HTTP, or was cut off"
        case _:
            return said(error)


def _too_large(_: int) -> Refused:
    return Refused("the answer is too large")

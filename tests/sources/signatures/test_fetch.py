"""Fetching revocation data from scripted servers: what is asked, what is kept, and what is never asked."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography.x509 import ocsp

from tests.sources.signatures.revocations import asked, crl, lookup_of, ocsp_response
from tests.sources.signatures.signer import NOW, Signer
from tui.sources.ports import RevocationStore
from tui.sources.signatures.fetch import FetchOptions, PublicOnly, RevocationFetcher, is_public
from tui.verification.revocation import RevocationState


class Responder:
    """A server on loopback that answers from a table, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, web.Response] = {}
        self.port = 0

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.asked.append(f"{request.method} {request.path}{' ' + str(len(body) > 40) if body else ''}")
        found = self.answers.get(request.path)
        if found is None:
            return web.Response(status=404)
        return web.Response(status=found.status, body=found.body, headers=found.headers)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@pytest.fixture
async def server() -> AsyncIterator[Responder]:
    responder = Responder()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", responder.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    responder.port = runner.addresses[0][1]
    yield responder
    await runner.cleanup()


INSIDE = FetchOptions(timeout=2.0, allow_private=True)


def fetcher(
    options: FetchOptions = INSIDE, clock: list[datetime] | None = None, store: RevocationStore | None = None
) -> RevocationFetcher:
    moments = clock or [NOW]
    return RevocationFetcher(options, lambda: moments[-1], store=store)


async def state(chain: Signer, options: FetchOptions = INSIDE) -> tuple[RevocationState, str]:
    async with fetcher(options) as made:
        data = await made.fetch([lookup_of(chain)])
    status = data.status(lookup_of(chain), NOW, None)
    return status.state, status.sentence


async def test_ocsp_is_asked_first_and_the_list_only_when_it_does_not_know(server: Responder) -> None:
    chain = asked(ocsp=(server.url("/ocsp"),), crl=(server.url("/a.crl"),))
    server.answers = {"/ocsp": web.Response(body=ocsp_response(chain)), "/a.crl": web.Response(body=crl([]))}
    assert (await state(chain))[0] is RevocationState.GOOD
    assert server.asked == ["POST /ocsp True"]
    server.answers["/ocsp"] = web.Response(status=500)
    assert (await state(chain))[0] is RevocationState.GOOD
    assert server.asked[1:] == ["POST /ocsp True", "GET /a.crl"]


async def test_answers_are_kept_until_their_next_update(server: Responder) -> None:
    chain = asked(ocsp=(), crl=(server.url("/a.crl"),))
    server.answers = {"/a.crl": web.Response(body=crl([]))}
    moments = [NOW]
    async with fetcher(clock=moments) as made:
        for hours in (0, 1, 23, 25):
            moments.append(NOW + timedelta(hours=hours))
            await made.fetch([lookup_of(chain), lookup_of(chain)])
    assert len(server.asked) == 2


async def test_a_responder_is_asked_again_within_the_hour_whatever_its_answer_allows(server: Responder) -> None:
    chain = asked(ocsp=(server.url("/ocsp"),), crl=())
    server.answers = {"/ocsp": web.Response(body=ocsp_response(chain, next_update=NOW + timedelta(days=4)))}
    moments = [NOW]
    async with fetcher(clock=moments) as made:
        for minutes in (0, 59, 61):
            moments.append(NOW + timedelta(minutes=minutes))
            await made.fetch([lookup_of(chain)])
        assert len(server.asked) == 2
        server.answers = {"/ocsp": web.Response(body=ocsp_response(chain, ocsp.OCSPCertStatus.REVOKED))}
        moments.append(NOW + timedelta(minutes=122))
        data = await made.fetch([lookup_of(chain)])
    assert data.status(lookup_of(chain), moments[-1], None).state is RevocationState.REVOKED


async def test_words_of_a_library_are_not_told(server: Responder) -> None:
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    _, sentence = await state(asked(ocsp=(), crl=(f"http://127.0.0.1:{port}/a.crl",)))
    assert sentence.endswith("did not answer: there is no connection")
    server.answers = {"/a.crl": web.Response(body=b"0" * 9)}
    _, sentence = await state(asked(ocsp=(), crl=(server.url("/a.crl"),)))
    assert "Error" not in sentence


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (web.Response(status=404), "status 404"),
        (web.Response(status=302, headers={"Location": "ftp://elsewhere/"}), "not a plain http URL"),
        (web.Response(status=302, headers={"Location": "/a.crl"}), "too many redirects"),
        (web.Response(status=302), "too many redirects"),
        (web.Response(body=b"junk"), "the revocation list cannot be used"),
    ],
)
async def test_a_failing_server_leaves_it_unknown(server: Responder, answer: web.Response, words: str) -> None:
    chain = asked(ocsp=(), crl=(server.url("/a.crl"),))
    server.answers = {"/a.crl": answer}
    found, sentence = await state(chain)
    assert found is RevocationState.UNKNOWN
    assert words in sentence


async def test_a_redirect_is_followed_when_it_stays_http(server: Responder) -> None:
    chain = asked(ocsp=(), crl=(server.url("/old.crl"),))
    moved = web.Response(status=301, headers={"Location": "/new.crl"})
    server.answers = {"/old.crl": moved, "/new.crl": web.Response(body=crl([]))}
    assert (await state(chain))[0] is RevocationState.GOOD


async def test_an_answer_that_is_too_large_is_cut_off(server: Responder) -> None:
    chain = asked(ocsp=(server.url("/ocsp"),), crl=())
    server.answers = {"/ocsp": web.Response(body=b"0" * 100_000)}
    found, sentence = await state(chain)
    assert (found, "too large" in sentence) == (RevocationState.UNKNOWN, True)


async def test_a_silent_server_costs_its_time_and_no_more(server: Responder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        chain = asked(ocsp=(), crl=(f"http://127.0.0.1:{silent.getsockname()[1]}/a.crl",))
        found, _ = await state(chain, FetchOptions(timeout=0.2, allow_private=True))
    assert found is RevocationState.UNKNOWN


async def test_nothing_private_is_asked_by_address_or_by_name(server: Responder) -> None:
    public_only = FetchOptions(timeout=2.0)
    for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.1", "0"):
        chain = asked(ocsp=(f"http://{host}:{server.port}/ocsp",), crl=(f"http://{host}:{server.port}/a.crl",))
        found, _ = await state(chain, public_only)
        assert found is RevocationState.UNKNOWN, host
    assert server.asked == []


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "file:///etc/passwd", "http://user:pw@127.0.0.1/", "gopher://a/", "http://"]
)
async def test_other_urls_are_never_asked(url: str) -> None:
    found, _ = await state(asked(ocsp=(), crl=(url,)))
    assert found is RevocationState.UNKNOWN


class Table(AbstractResolver):
    """Resolves every name to the given addresses."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        found: list[ResolveResult] = []
        for address in self._addresses:
            found.append(ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0))
        return found

    async def close(self) -> None:
        """Nothing to release."""


async def test_a_name_with_any_private_address_is_refused() -> None:
    assert await PublicOnly(Table("8.8.8.8")).resolve("a.example")
    with pytest.raises(OSError, match="private network"):
        await PublicOnly(Table("8.8.8.8", "192.168.0.1")).resolve("a.example")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("168.63.129.16", False),
        ("::ffff:168.63.129.16", False),
        ("64:ff9b::a83f:8110", False),
        ("64:ff9b:1::808:808", False),
        ("64:ff9b:1:ffff::a00:1", False),
        ("::10.0.0.1", False),
        ("::8.8.8.8", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::808:808", True),
        ("2001:4860:1:1:0:5efe:a00:1", False),
        ("fec0::1", False),
        ("240.0.0.1", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(address) is public


class AnswerTable:
    """Answers of an earlier run."""

    def __init__(self, fetched: datetime = NOW) -> None:
        self.answers: dict[str, bytes] = {}
        self.fetched = fetched

    async def answer(self, key: str) -> tuple[bytes, datetime] | None:
        body = self.answers.get(key)
        return None if body is None else (body, self.fetched)

    def keep_answer(self, key: str, body: bytes) -> None:
        self.answers[key] = body


async def runs(chain: Signer, store: AnswerTable, *moments: datetime) -> RevocationState:
    """How a certificate stands in the last of several runs of the program that share what they keep."""
    for moment in moments:
        async with fetcher(clock=[moment], store=store) as made:
            data = await made.fetch([lookup_of(chain)])
    return data.status(lookup_of(chain), moments[-1], None).state


@pytest.mark.parametrize(
    ("method", "minutes", "asked_again"), [("ocsp", 59, 0), ("ocsp", 61, 1), ("crl", 600, 0), ("crl", 6000, 1)]
)
async def test_the_next_run_asks_only_for_what_has_expired(
    server: Responder, method: str, minutes: int, asked_again: int
) -> None:
    urls = (server.url("/answer"),)
    chain = asked(ocsp=urls if method == "ocsp" else (), crl=urls if method == "crl" else ())
    server.answers = {"/answer": web.Response(body=ocsp_response(chain) if method == "ocsp" else crl([]))}
    store = AnswerTable()
    assert await runs(chain, store, NOW) is RevocationState.GOOD
    await runs(chain, store, NOW + timedelta(minutes=minutes))
    assert len(server.asked) == 1 + asked_again


async def test_what_was_kept_is_verified_again(server: Responder) -> None:
    chain, other = asked(ocsp=(server.url("/ocsp"),), crl=(server.url("/a.crl"),)), asked(ocsp=(server.url("/ocsp"),), crl=())
    server.answers = {
        "/ocsp": web.Response(body=ocsp_response(chain, ocsp.OCSPCertStatus.REVOKED)),
        "/a.crl": web.Response(body=crl([])),
    }
    store = AnswerTable()
    assert await runs(chain, store, NOW) is RevocationState.REVOKED
    for forged in (b"", b"garbage", crl([]), ocsp_response(other)):
        server.asked.clear()
        store.answers = dict.fromkeys(store.answers, forged)
        assert await runs(chain, store, NOW) is RevocationState.REVOKED
        assert server.asked == ["POST /ocsp True"]


async def test_an_answer_of_the_future_is_not_used(server: Responder) -> None:
    chain = asked(ocsp=(), crl=(server.url("/a.crl"),))
    server.answers = {"/a.crl": web.Response(body=crl([]))}
    store = AnswerTable(fetched=NOW + timedelta(minutes=1))
    await runs(chain, store, NOW, NOW)
    assert len(server.asked) == 2


async def test_what_failed_is_not_kept_for_the_next_run(server: Responder) -> None:
    store = AnswerTable()
    await runs(asked(ocsp=(server.url("/ocsp"),), crl=(server.url("/a.crl"),)), store, NOW)
    assert not store.answers

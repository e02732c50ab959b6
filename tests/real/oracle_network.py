"""Questions that need a network or odd files: revocation served on loopback, and trust stores with something wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from tests.real.oracle_cases import Case, anchors_of
from tests.sources.signatures.cases import document
from tests.sources.signatures.revocations import Entry, asked, crl, delegate, ocsp_response
from tests.sources.signatures.signer import (
    NOW,
    Ask,
    Signer,
    Stamp,
    authority,
    issue,
    jws,
    key,
    name,
    stamping,
    token,
    usual,
    with_token,
)

HOLD, LIFT = x509.ReasonFlags.certificate_hold, x509.ReasonFlags.remove_from_crl
STATUS = ocsp.OCSPCertStatus


class Served:
    """Bodies by the first part of the path; everything else is not found."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.port = 0

    def url(self, part: str) -> str:
        """Where a body is served."""
        return f"http://127.0.0.1:{self.port}/{part}"


@contextmanager
def serving() -> Iterator[Served]:
    """A server on loopback, for as long as the block runs."""
    served = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = served.bodies.get(self.path.split("/")[1])
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.port = server.server_port
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def revocation_cases(served: Served) -> Iterator[Case]:
    """Signers that name a responder, a list or both, whose answers are good, bad or missing."""
    answers = dict(ocsp_answers()) | dict(list_answers())
    for number, (label, (has_ocsp, has_list, make)) in enumerate(answers.items()):
        at = (f"ocsp{number}", f"list{number}")
        chain = asked(ocsp=(served.url(at[0]),) if has_ocsp else (), crl=(served.url(at[1]),) if has_list else ())
        served.bodies |= {part: body for part, body in zip(at, make(chain), strict=True) if body is not None}
        for ask in (Ask(chain), Ask(chain, **authority())):
            for level in ("strict", "permissive"):
                yield Case(f"revocation {label} {ask.scheme} {level}", jws(ask), policy=document(level), anchors=anchors_of(ask))
    yield from stamp_cases(served)


Bodies = tuple[bytes | None, bytes | None]
Answers = Iterator[tuple[str, tuple[bool, bool, Callable[[Signer], Bodies]]]]


def ocsp_answers() -> Answers:
    """What responders answer."""
    delegated = {"responder": delegate(), "signing_key": key("ES256", "responder")}
    stranger = issue(asked_root(), asked_root())
    ways: dict[str, dict[str, Any]] = {
        "good": {},
        "revoked": {"status": STATUS.REVOKED},
        "unknown": {"status": STATUS.UNKNOWN},
        "stale": {"next_update": NOW - timedelta(hours=1)},
        "endless": {"next_update": None},
        "early": {"this_update": NOW + timedelta(hours=9)},
        "another": {"about": usual().chain[0]},
        "delegated": delegated,
        "delegated without the usage": delegated | {"responder": delegate(eku=(x509.oid.ExtendedKeyUsageOID.CODE_SIGNING,))},
        "delegated and expired": delegated | {"responder": delegate(not_after=NOW - timedelta(days=1))},
        "of a stranger": {"responder": stranger, "signing_key": key("ES256", "x")},
    }
    for label, more in ways.items():
        yield f"OCSP {label}", (True, False, partial(_response, more))
    yield "OCSP junk", (True, False, lambda _: (b"junk", None))
    yield "OCSP missing", (True, False, lambda _: (None, None))
    yield "OCSP junk, list good", (True, True, lambda _: (b"junk", crl([])))
    yield "OCSP missing, list revokes", (True, True, lambda chain: (None, crl([(serial_of(chain), None, None)])))
    yield "OCSP unknown, list good", (True, True, lambda chain: (ocsp_response(chain, STATUS.UNKNOWN), crl([])))
    yield "OCSP revoked, list good", (True, True, lambda chain: (ocsp_response(chain, STATUS.REVOKED), crl([])))
    yield "OCSP junk, list missing", (True, True, lambda _: (b"junk", None))


def _response(more: dict[str, Any], chain: Signer) -> Bodies:
    return ocsp_response(chain, **more), None


def _entries(found: list[tuple[x509.ReasonFlags | None, Any]], chain: Signer) -> Bodies:
    return None, crl([(serial_of(chain), *one) for one in found])


def _list(more: dict[str, Any], _: Signer) -> Bodies:
    return None, crl([], **more)


def asked_root() -> Any:
    """A root of the same name with another key."""
    from tests.sources.signatures.signer import ca

    return ca("Contoso Root", key("ES256", "x"))


def serial_of(chain: Signer) -> int:
    """The leaf's serial number."""
    return chain.chain[0].serial_number


def list_answers() -> Answers:
    """What revocation lists say."""
    later, earlier = NOW + timedelta(days=1), NOW - timedelta(days=20)
    entries: dict[str, list[tuple[x509.ReasonFlags | None, Any]]] = {
        "empty": [],
        "revoked": [(None, None)],
        "compromised": [(x509.ReasonFlags.key_compromise, None)],
        "held": [(HOLD, None)],
        "held and lifted": [(HOLD, None), (LIFT, None)],
        "lifted and held": [(LIFT, None), (HOLD, None)],
        "invalid later": [(None, later)],
        "invalid earlier": [(None, earlier)],
    }
    for label, found in entries.items():
        yield f"CRL {label}", (False, True, partial(_entries, found))
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\5\0")
    ways: dict[str, dict[str, Any]] = {
        "stale": {"next_update": NOW - timedelta(minutes=30)},
        "of another": {"issuer": name("Another")},
        "of a stranger": {"signing_key": key("ES256", "x")},
        "odd and critical": {"extensions": ((odd, True),)},
        "odd": {"extensions": ((odd, False),)},
    }
    for label, more in ways.items():
        yield f"CRL {label}", (False, True, partial(_list, more))
    yield "CRL junk", (False, True, lambda _: (None, b"junk"))
    yield "CRL missing", (False, True, lambda _: (None, None))


def stamp_cases(served: Served) -> Iterator[Case]:
    """Revocation of a time stamping authority, enforced at every level that enforces time stamps."""
    for label, revoked in (("good", False), ("revoked", True), ("missing", None)):
        place = stamping(crl=(served.url(f"stamp-{label}"),))
        listed: list[Entry] = [(serial_of(place), None, None)] if revoked else []
        if revoked is not None:
            served.bodies[f"stamp-{label}"] = crl(listed, issuer=name("Stamp Root"), signing_key=key("ES256", "stamp root"))
        data = with_token("application/jose+json", Ask(), lambda signature, place=place: token(Stamp(place), signature))
        for level in ("strict", "permissive"):
            under = document(level, trustStores=["ca:c", "tsa:t"])
            yield Case(f"revocation of the stamp {label} {level}", data, policy=under, anchors=anchors_of(Ask(), Stamp(place)))


def store_cases() -> Iterator[Case]:
    """Trust stores on disk with something wrong in them."""
    root, pem = usual().root, usual().chain[-1].public_bytes(Encoding.PEM)
    private = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    files: dict[str, dict[str, bytes]] = {
        "PEM": {"root.pem": pem},
        "two in one PEM": {"root.pem": pem + stamping().chain[-1].public_bytes(Encoding.PEM)},
        "two in one DER": {"root.der": root + root},
        "leaf": {"leaf.der": usual().ders[0]},
        "root and leaf": {"root.der": root, "leaf.der": usual().ders[0]},
        "junk": {"root.der": root, "junk": b"junk"},
        "key": {"root.pem": pem + private},
        "empty file": {"root.der": root, "empty": b""},
        "nothing": {},
        "text before PEM": {"root.pem": b"the root\n" + pem},
    }
    for label, found in files.items():
        yield Case(f"store {label}", jws(Ask()), prepare=partial(_write, files=found))
    yield Case("store link", jws(Ask()), prepare=_link)
    yield Case("store folder", jws(Ask()), prepare=_folder)
    yield Case("store linked", jws(Ask()), prepare=_linked)


def _write(store: Path, files: dict[str, bytes]) -> None:
    store.mkdir(parents=True)
    for label, content in files.items():
        (store / label).write_bytes(content)


def _link(store: Path) -> None:
    _write(store, {})
    (store.parent.parent / "root.der").write_bytes(usual().root)
    (store / "root.der").symlink_to(store.parent.parent / "root.der")


def _folder(store: Path) -> None:
    _write(store, {"root.der": usual().root})
    (store / "more").mkdir()


def _linked(store: Path) -> None:
    _write(store.with_name("real"), {"root.der": usual().root})
    store.symlink_to(store.with_name("real"))

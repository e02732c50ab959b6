"""Times at the edge of a nanosecond, and times written in ways that not every reader takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.real.der import generalized, integer, seq, text, tlv, utc
from tests.real.oracle_cases import Case, anchors_of
from tests.real.oracle_stamps import RawStamp, raw_token
from tests.sources.signatures.cases import document
from tests.sources.signatures.signer import JWS, NOW, Ask, N, Stamp, authority, jws, with_token
from tests.sources.signatures.tables import leaf

START, END = NOW - timedelta(days=9), NOW - timedelta(days=2)
AUTHENTIC = N + "authenticSigningTime"


def written(moment: datetime, fraction: str = "", zone: str = "Z") -> str:
    """RFC 3339 as written."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}{zone}"


def signing_times() -> Iterator[Case]:
    """An authority's signing time around the edges of its certificate, and in every way of writing."""
    edges = {
        "at the start": written(START),
        "a nanosecond before the start": written(START - timedelta(seconds=1), ".999999999"),
        "a nanosecond after the start": written(START, ".000000001"),
        "at the end": written(END),
        "a nanosecond after the end": written(END, ".000000001"),
        "a nanosecond before the end": written(END - timedelta(seconds=1), ".999999999"),
        "a tenth of a nanosecond after the end": written(END, ".0000000001"),
        "half a second after the end": written(END, ".5"),
    }
    middle = START + timedelta(days=1)
    day = f"{middle:%Y-%m-%d}"
    ways = {
        "offset": written(middle, zone="+01:00"),
        "negative offset": written(middle, zone="-01:30"),
        "offset of zero": written(middle, zone="+00:00"),
        "offset without colon": written(middle, zone="+0100"),
        "offset of hours": written(middle, zone="+01"),
        "offset of 24": written(middle, zone="+24:00"),
        "offset of 23:60": written(middle, zone="+23:60"),
        "no zone": written(middle, zone=""),
        "small z": written(middle, zone="z"),
        "small t": written(middle).replace("T", "t"),
        "space": written(middle).replace("T", " "),
        "comma": written(middle, ",5"),
        "point alone": written(middle, "."),
        "zeros": written(middle, ".500"),
        "twelve digits": written(middle, ".123456789012"),
        "forty digits": written(middle, "." + "1" * 40),
        "leap second": f"{day}T23:59:60Z",
        "hour 24": f"{day}T24:00:00Z",
        "one digit hour": f"{day}T1:00:00Z",
        "no seconds": f"{day}T01:00Z",
        "day alone": day,
        "year 0": "0000-01-01T00:00:00Z",
        "year 1": "0001-01-01T00:00:00Z",
        "year 10000": "10000-01-01T00:00:00Z",
        "space behind": written(middle) + " ",
        "number": "1700000000",
        "empty": "",
    }
    signer = leaf(not_before=START, not_after=END).signer
    for label, value in (edges | ways).items():
        ask = Ask(
            signer, **authority(authentic_time=None, critical=(N + "signingScheme", AUTHENTIC)), attributes={AUTHENTIC: value}
        )
        yield Case(f"time authority {label}", jws(ask), policy=document(), anchors=anchors_of(ask))
        if label in ways:
            ask = Ask(signing_time=None, attributes={N + "signingTime": value})
            yield Case(f"time signer {label}", jws(ask), policy=document(), anchors=anchors_of(ask))


def expiries() -> Iterator[Case]:
    """Expiry against the signing time."""
    made = NOW - timedelta(days=1)
    for label, signed, expires in (
        ("equal", written(made), written(made)),
        ("equal in another zone", written(made), written(made + timedelta(hours=1), zone="+01:00")),
        ("equal to the nanosecond", written(made, ".000000001"), written(made, ".000000001")),
        ("a nanosecond later", written(made, ".000000001"), written(made, ".000000002")),
        ("a nanosecond earlier", written(made, ".000000002"), written(made, ".000000001")),
        ("in 9 days", written(made), written(NOW + timedelta(days=9), ".999999999")),
        ("in the year 9999", written(made), "9999-12-31T23:59:59Z"),
    ):
        times = {N + "signingTime": signed, N + "expiry": expires}
        ask = Ask(signing_time=None, critical=(N + "signingScheme", N + "expiry"), attributes=times)
        yield Case(f"expiry {label}", jws(ask), policy=document("permissive"), anchors=anchors_of(ask))


def stamp_times() -> Iterator[Case]:
    """The time of a stamp around the edges of the signer's certificate, and in every way of writing."""
    g = f"{START + timedelta(days=1):%Y%m%d%H%M%S}"
    start, end = f"{START:%Y%m%d%H%M%S}", f"{END:%Y%m%d%H%M%S}"
    before = f"{START - timedelta(seconds=1):%Y%m%d%H%M%S}"
    ways = {
        "plain": generalized(g + "Z"),
        "at the start": generalized(start + "Z"),
        "a nanosecond before the start": generalized(before + ".999999999Z"),
        "at the end": generalized(end + "Z"),
        "a nanosecond after the end": generalized(end + ".000000001Z"),
        "a microsecond after the end": generalized(end + ".000001Z"),
        ".5": generalized(g + ".5Z"),
        ",5": generalized(g + ",5Z"),
        ".50": generalized(g + ".50Z"),
        ".": generalized(g + ".Z"),
        "ten digits": generalized(g + ".0000000001Z"),
        "nine digits": generalized(g + ".123456789Z"),
        "without seconds": generalized(g[:-2] + "Z"),
        "without minutes": generalized(g[:-4] + "Z"),
        "without zone": generalized(g),
        "offset": generalized(g + "+0100"),
        "offset of zero": generalized(g + "+0000"),
        "short offset": generalized(g + "+01"),
        "small z": generalized(g + "z"),
        "leap second": generalized(g[:8] + "235960Z"),
        "hour 24": generalized(g[:8] + "240000Z"),
        "UTC": utc(g[2:] + "Z"),
        "UTC without seconds": utc(g[2:-2] + "Z"),
        "junk": generalized("junk"),
        "text": text(g + "Z"),
    }
    dead = leaf(not_before=START, not_after=END)
    for label, value in ways.items():
        yield stamped(f"stamp time {label}", RawStamp(time=value), dead)
    for label, (at, accuracy) in {
        "a second at the start": (start + "Z", seq(integer(1))),
        "none at the start": (start + "Z", seq()),
        "a microsecond at the end": (end + "Z", seq(tlv(0x81, b"\1"))),
        "a millisecond at the end": (end + "Z", seq(tlv(0x80, b"\1"))),
        "negative at the end": (end + "Z", seq(integer(-1))),
        "plain": (g + "Z", seq(integer(1), tlv(0x80, b"\1"), tlv(0x81, b"\1"))),
        "in another order": (g + "Z", seq(tlv(0x81, b"\1"), integer(1))),
        "with more": (g + "Z", seq(integer(1), tlv(0x82, b"\1"))),
        "not minimal": (g + "Z", seq(tlv(2, b"\0\1"))),
        "of days": (g + "Z", seq(integer(86_400 * 400))),
    }.items():
        yield stamped(f"stamp accuracy {label}", RawStamp(time=generalized(at), accuracy=accuracy), dead)


def stamped(label: str, stamp: RawStamp, ask: Ask) -> Case:
    """A signer, and a stamp on its signature."""
    data = with_token(JWS, ask, lambda signature: raw_token(stamp, signature))
    under = document(trustStores=["ca:c", "tsa:t"])
    return Case(label, data, JWS, under, anchors_of(ask, Stamp(stamp.signer)))


def stamp_shapes() -> Iterator[Case]:
    """Everything else of a stamp that can be out of the ordinary."""
    ask = leaf(not_before=START, not_after=END)
    usual = RawStamp()
    for label, changes in usual.variants().items():
        yield stamped(f"stamp shape {label}", RawStamp(**changes), ask)


def time_cases() -> Iterator[Case]:
    """All of them."""
    yield from signing_times()
    yield from expiries()
    yield from stamp_times()
    yield from stamp_shapes()

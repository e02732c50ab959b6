"""Damage valid envelopes at random, count what is accepted and what crashes: `python -m tests.real.fuzz_envelopes 50000 [seed]`.

A damaged envelope whose every signed part is still there, byte for byte, says the same as before (the agent's name and
white space are not signed): it is counted apart. Everything else that is accepted is a forgery, and anything but a verdict
is a crash.
"""

from __future__ import annotations

import base64
import json
import random
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from tests.sources.signatures.cases import GOOD, statement, stores, verify
from tests.sources.signatures.signer import (
    COSE,
    ENVELOPES,
    JWS,
    NOW,
    Ask,
    Stamp,
    authority,
    signature_of,
    stamping,
    token,
    usual,
    with_token,
)
from tui.domain.facts.signature import Outcome

Damage = Callable[[random.Random, bytes], bytes]


@dataclass(frozen=True)
class Source:
    """A valid envelope, and the parts of it that are signed or decide whose it is."""

    media_type: str
    data: bytes
    parts: tuple[bytes, ...]
    root: bytes
    stamped: bool = False

    def judged(self, data: bytes) -> Outcome:
        """The verdict on a damaged copy."""
        trusting = stores(ca=self.root, authority=self.root, tsa=_AUTHORITY.root)
        named = ["ca:c", "signingAuthority:a", *(["tsa:t"] if self.stamped else [])]
        return verify(data, self.media_type, under=statement(trustStores=named), trusting=trusting, now=NOW, revocation=GOOD)


@dataclass
class Tally:
    """What became of the damaged envelopes."""

    inputs: int = 0
    accepted: list[bytes] = field(default_factory=list)
    harmless: int = 0
    crashes: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)


_AUTHORITY = stamping()


def sources() -> list[Source]:
    """Both formats and schemes, two kinds of key, with and without a time stamp."""
    found = []
    for media_type, make in ENVELOPES.items():
        for ask in (Ask(), Ask(usual("PS256"), expiry=NOW + timedelta(days=9)), Ask(**authority())):
            made = make(ask)
            found.append(Source(media_type, made, parts_of(media_type, made, ask), ask.signer.root))
        data = with_token(media_type, Ask(), lambda signature: token(Stamp(_AUTHORITY), signature))
        found.append(Source(media_type, data, parts_of(media_type, data, Ask()), usual().root, stamped=True))
    return found


def parts_of(media_type: str, data: bytes, ask: Ask) -> tuple[bytes, ...]:
    """What must survive for an envelope to say the same."""
    if media_type == JWS:
        members = json.loads(data)
        texts = [members["protected"], members["payload"], members["signature"], *members["header"]["x5c"]]
        return tuple(text.encode() for text in texts)
    _, signature = signature_of(COSE, ask)
    size = len(signature)
    head = data[2 : data.index(ask.signer.ders[0])]
    return (data[-size:], ask.content, head[: head.index(b"\x18\x21")], *ask.signer.ders)


def flip(chance: random.Random, data: bytes) -> bytes:
    """One bit."""
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def replace(chance: random.Random, data: bytes) -> bytes:
    """One byte."""
    at = chance.randrange(len(data))
    return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


def cut(chance: random.Random, data: bytes) -> bytes:
    """A few bytes less."""
    at, count = chance.randrange(len(data)), chance.randrange(1, 9)
    return data[:at] + data[at + count :]


def insert(chance: random.Random, data: bytes) -> bytes:
    """A few bytes more."""
    at = chance.randrange(len(data))
    return data[:at] + chance.randbytes(chance.randrange(1, 9)) + data[at:]


def repeat(chance: random.Random, data: bytes) -> bytes:
    """A slice twice."""
    at, count = chance.randrange(len(data)), chance.randrange(1, 200)
    return data[: at + count] + data[at:]


def truncate(chance: random.Random, data: bytes) -> bytes:
    """The end is missing."""
    return data[: chance.randrange(len(data))]


def move(chance: random.Random, data: bytes) -> bytes:
    """A slice elsewhere."""
    first, second = sorted(chance.randrange(len(data)) for _ in range(2))
    count = chance.randrange(1, 60)
    return data[:first] + data[second : second + count] + data[first + count :]


def rewrite(chance: random.Random, data: bytes) -> bytes:
    """A JWS part decoded, changed and encoded anew; other envelopes, and broken ones, get a byte replaced."""
    try:
        members = json.loads(data)
        part = chance.choice(["protected", "payload", "signature"])
        raw = base64.urlsafe_b64decode(members[part] + "=" * (-len(members[part]) % 4)) or b"x"
    except (ValueError, TypeError, KeyError):
        return replace(chance, data)
    changed = chance.choice([flip, replace, cut, insert])(chance, raw)
    members[part] = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
    return json.dumps(members, separators=(",", ":")).encode()


DAMAGES: tuple[Damage, ...] = (flip, replace, cut, insert, repeat, truncate, move, rewrite)


def fuzz(count: int, seed: int) -> Tally:
    """Judge `count` damaged envelopes."""
    chance, tally, valid = random.Random(seed), Tally(), sources()
    for source in valid:
        assert source.judged(source.data).verdict.accepted
    while tally.inputs < count:
        source = chance.choice(valid)
        data = source.data
        for _ in range(chance.choice([1, 1, 1, 2, 3])):
            data = chance.choice(DAMAGES)(chance, data) if data else data
        if data != source.data:
            tally.inputs += 1
            judge_one(source, data, tally)
    return tally


def judge_one(source: Source, data: bytes, tally: Tally) -> None:
    """Note what becomes of one damaged envelope."""
    try:
        outcome = source.judged(data)
    except Exception:  # noqa: BLE001  # whatever escapes is a crash, which is what is counted here
        tally.crashes.append(traceback.format_exc())
        return
    if not outcome.verdict.accepted:
        tally.reasons[outcome.reason.value] += 1
    elif all(part in data for part in source.parts):
        tally.harmless += 1
    else:
        tally.accepted.append(data)


def main() -> int:
    """Run from the command line; 1 when anything was accepted or crashed."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    tally = fuzz(count, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    print(f"{tally.inputs} inputs: {len(tally.accepted)} accepted, {len(tally.crashes)} crashes")
    print(
        f"{tally.harmless} more changed nothing that is signed (agent, white space); refused: {dict(tally.reasons.most_common())}"
    )
    print("\n".join([*tally.crashes[:3], *(data.decode("latin-1")[:2000] for data in tally.accepted[:3])]))
    return 1 if tally.accepted or tally.crashes else 0


if __name__ == "__main__":
    sys.exit(main())

"""Proofs that an entry is in a log's tree (RFC 6962 section 2.1), and heads of trees that the log signed (checkpoints)."""

from __future__ import annotations

import hashlib
import re

import msgspec

from tui.domain.facts.signature import Reason
from tui.verification.cosign.keys import verify_with
from tui.verification.cosign.wire import go_base64
from tui.verification.faults import CheckFailed

__all__ = ["InclusionProof", "check_proof"]

_ORIGIN = re.compile(r".* - [0-9]+", re.ASCII)
_LINE = re.compile("\u2014 (\\S+) (\\S+)")
_MAX_HASHES = 64


class InclusionProof(msgspec.Struct, frozen=True):
    """Where the entry is in a tree of `size`, the hashes beside its path, and the signed head of that tree."""

    index: int
    size: int
    root: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str


def check_proof(proof: InclusionProof, body: bytes, keys: list[bytes]) -> None:
    """CheckFailed unless the body is in the tree, whose head one of the log's keys signed."""
    if len(proof.hashes) > _MAX_HASHES or _root(proof, hashlib.sha256(b"\0" + body).digest()) != proof.root:
        raise CheckFailed("the transparency log's proof of inclusion does not hold", Reason.LOG_INVALID)
    note, signatures = _note(proof.checkpoint)
    lines = note.split("\n")
    if _ORIGIN.fullmatch(lines[0]) is None:
        raise CheckFailed("heads of the newer transparency log (Rekor 2) are not read", Reason.UNSUPPORTED, unknown=True)
    if not lines[1].isdecimal() or go_base64(lines[2]) != proof.root:
        raise CheckFailed("the transparency log signed the head of another tree", Reason.LOG_INVALID)
    if not any(_signed(note.encode(), signatures, spki) for spki in keys):
        raise CheckFailed("the head of the transparency log's tree is not signed by the log", Reason.LOG_INVALID)


def _root(proof: InclusionProof, leaf: bytes) -> bytes:
    """The root of the tree that the path leads to (RFC 9162 section 2.1.3.2); empty when it leads nowhere."""
    place, last, node = proof.index, proof.size - 1, leaf
    if not 0 <= place <= last:
        return b""
    for beside in proof.hashes:
        if last == 0:
            return b""
        if place & 1 or place == last:
            node = hashlib.sha256(b"\1" + beside + node).digest()
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + beside).digest()
        place, last = place >> 1, last >> 1
    return node if last == 0 else b""


def _note(checkpoint: str) -> tuple[str, list[bytes]]:
    """The text of a signed note, and its signatures with the four bytes of the key before each; ValueError otherwise."""
    text, blank, below = checkpoint.rpartition("\n\n")
    if not blank or not below.endswith("\n") or text.count("\n") < 2:
        raise ValueError("not a signed note")
    signatures = []
    for line in below.splitlines():
        signature = _LINE.fullmatch(line)
        if signature is None:
            raise ValueError("not a line of a signature")
        signatures.append(go_base64(signature[2]))
    return f"{text}\n", signatures


def _signed(note: bytes, signatures: list[bytes], spki: bytes) -> bool:
    """Every signature on the head must be that of the key, as Rekor's client has it."""
    hint = hashlib.sha256(spki).digest()[:4]
    return all(signature[:4] == hint and verify_with(spki, note, signature[4:]) for signature in signatures)

"""Name constraints (RFC 5280 section 4.2.1.10), read as Go's x509 reads them; whether they hold is not looked at here."""

from __future__ import annotations

import ipaddress
import re

from tui.verification.faults import Malformed
from tui.verification.pkix.der import SEQUENCE, DerReader, constructed, context
from tui.verification.pkix.uri import domain_is_valid

__all__ = ["check_constraints"]

_MAILBOX = re.compile(
    r"(?:\"(?:[^\"\\\x00\r\n]|\\[^\x00\r\n])*\"|(?:\\?[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-])+)@(.*)", re.ASCII | re.DOTALL
)


def check_constraints(value: bytes) -> bool:
    """True when every subtree is of a kind that Go knows; ValueError for constraints that it would not read."""
    outer = DerReader(value)
    top = outer.take(SEQUENCE)
    outer.done()
    permitted, excluded = top.optional(constructed(0)), top.optional(constructed(1))
    top.done()
    subtrees = [reader for reader in (permitted, excluded) if reader is not None and not reader.empty]
    if not subtrees:
        raise Malformed("the name constraints are empty")
    kinds = [_known(reader) for reader in subtrees]
    return all(kinds)


def _known(subtrees: DerReader) -> bool:
    understood = True
    while not subtrees.empty:
        tag, content = subtrees.take(SEQUENCE).any()
        understood &= _check(tag, content.rest())
    return understood


def _check(tag: int, content: bytes) -> bool:
    """True for a kind of name that Go knows."""
    if tag == context(7):
        return _check_range(content)
    if tag not in (context(1), context(2), context(6)):
        return False
    text = content.decode("ascii")
    if tag == context(1) and "@" in text:
        _check_mailbox(text)
    elif not domain_is_valid(text, constraint=True) or (tag == context(6) and _is_address(text)):
        raise Malformed("a name constraint is not a domain")
    return True


def _check_range(content: bytes) -> bool:
    """An address and its mask, whose ones come first."""
    half = len(content) // 2
    bits = f"{int.from_bytes(content[half:], 'big'):b}"
    if len(content) not in (8, 32) or ("1" in bits and (len(bits) != 8 * half or "01" in bits)):
        raise Malformed("a name constraint is not a range of addresses")
    return True


def _check_mailbox(text: str) -> None:
    mailbox = _MAILBOX.fullmatch(text)
    local = text.rpartition("@")[0]
    dotted = not local.startswith('"') and (local.startswith(".") or local.endswith(".") or ".." in local)
    if mailbox is None or dotted or not domain_is_valid(mailbox[1], constraint=False):
        raise Malformed("a name constraint is not a mailbox")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True

"""Requests held against specifications: what else the program sends is told.

A demo that is asked to (`EVERY_IN`) writes down every request whole; `specifications` has what is allowed.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

from tests.specifications import FORM, PATCHES, REGISTRIES, TABLES, Allowed

__all__ = ["Sent", "deviations", "sent_in"]

# RFC 9110, and what each request of HTTP/1.1 has.
USUAL = frozenset(
    {"host", "accept", "accept-encoding", "user-agent", "authorization", "content-type", "content-length", "connection"}
)
_TARGET = re.compile(r"/(?:[A-Za-z0-9!$&'()*+,\-./:;=?@_~]|%[0-9A-Fa-f]{2})*", re.ASCII)


class Sent(NamedTuple):
    """One request as a server got it."""

    server: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: str

    @property
    def path(self) -> str:
        """Its path as it came."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """Its query, decoded."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))


def sent_in(lines: Iterable[str]) -> Iterator[Sent]:
    """The requests that a demo wrote down."""
    for line in lines:
        yield Sent(**json.loads(line))


def deviations(requests: Iterable[Sent]) -> list[str]:
    """What no specification allows, each once, in a sentence that names the request and what is wrong with it."""
    return sorted(
        {f"{sent.method} {unquote(sent.path)} of {sent.server}: {wrong}" for sent in requests for wrong in _wrong(sent)}
    )


def _wrong(sent: Sent) -> Iterator[str]:
    if not _TARGET.fullmatch(sent.target):
        yield f"its target is not written as RFC 3986 wants it: {sent.target}"
    if not sent.headers.get("user-agent"):
        yield "it does not say who asks"
    if sent.method in ("POST", "PATCH") and not sent.headers.keys() & {"content-length", "transfer-encoding"}:
        yield "it does not say how long it is (411)"
    table = TABLES.get("cluster" if sent.server.startswith("prod-") else sent.server, ())
    rows = [row for row in table if row.method == sent.method and re.fullmatch(row.path, sent.path)]
    if not rows:
        yield "no specification has it"
    reasons = [list(_against(row, sent)) for row in rows]
    if rows and all(reasons):
        yield from min(reasons, key=len)


def _against(row: Allowed, sent: Sent) -> Iterator[str]:
    yield from _named(row.query, sent.query, "query")
    yield from _signed(row.signed, sent)
    extra = frozenset(name.removesuffix("?") for name in row.headers)
    yield from (f"its header {name} belongs nowhere" for name in sorted(sent.headers.keys() - USUAL - extra))
    yield from (f"it lacks the header {name}" for name in row.headers if not name.endswith("?") and name not in sent.headers)
    accepted = sent.headers.get("accept", "")
    yield from (f"it does not accept {kind}" for kind in row.accept if kind not in accepted)
    yield from _body(row, sent)


def _named(spec: str, values: Mapping[str, object], where: str) -> Iterator[str]:
    allowed = {entry.rstrip("?").partition("=")[0]: entry for entry in spec.split()}
    yield from (f"{name} is not known in its {where}" for name in sorted(values.keys() - allowed.keys()) if "*" not in allowed)
    for name, entry in allowed.items():
        if name not in values:
            if not entry.endswith("?") and name != "*":
                yield f"{name} is missing in its {where}"
        elif (fixed := entry.rstrip("?").partition("=")[2]) and str(values[name]) != fixed:
            yield f"{name} is {values[name]} in its {where}, and must be {fixed}"


def _body(row: Allowed, sent: Sent) -> Iterator[str]:
    kind = sent.headers.get("content-type", "")
    if not row.body:
        if sent.body:
            yield "it has a body"
        return
    if kind.partition(";")[0] != row.kind:
        yield f"its body is {kind or 'of no type'}, and must be {row.kind}"
        return
    value: object = dict(parse_qsl(sent.body, keep_blank_values=True)) if kind == FORM else json.loads(sent.body or "null")
    if isinstance(value, dict):
        yield from _named(row.body, value, "body")
    yield from _precondition(kind, value)


def _precondition(kind: str, patch: object) -> Iterator[str]:
    """A change holds only for what was seen: RFC 6902 `test`, or the version of the object."""
    if kind == PATCHES[0] and not (isinstance(patch, list) and any(operation["op"] == "test" for operation in patch)):
        yield "it changes an object without a test of what was seen"
    if kind == PATCHES[1] and not (isinstance(patch, dict) and {"uid", "resourceVersion"} <= patch["metadata"].keys()):
        yield "it changes an object without naming what was seen"


def _signed(allowed: str, sent: Sent) -> Iterator[str]:
    scheme, _, value = sent.headers.get("authorization", "").partition(" ")
    audience = _audience(value) if scheme == "Bearer" else ""
    who = audience or scheme or "nobody"
    ways = allowed.split("|")
    if "certificate" in ways:  # a client certificate, or a token of the cluster's
        if scheme not in ("", "Bearer"):
            yield f"it is signed in as {scheme}"
    elif not {who, scheme or "nobody"} & set(ways):
        yield f"it is signed in for {who}, and may be for {allowed}"
    if (
        sent.path == "/oauth2/exchange"
        and (posted := _audience(dict(parse_qsl(sent.body)).get("access_token", ""))) != REGISTRIES
    ):
        yield f"it hands over a token for {posted}"


def _audience(token: str) -> str:
    parts = token.split(".")
    if len(parts) != 3:
        return ""
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    return str(claims.get("aud", ""))

"""Azure Resource Graph: POST /providers/Microsoft.ResourceGraph/resources (recordings, resource-graph; learn.microsoft.com)."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from secrets import token_hex

from tui.demo.azure.kql import ParserFailure, Rows, query
from tui.demo.content import Json
from tui.demo.http import Headers, Reply, Request, json_reply
from tui.demo.moments import acr_time

__all__ = ["ResourceGraph", "forbidden", "unauthorized"]

PATH = "/providers/microsoft.resourcegraph/resources"
MOST = 1000
QUOTA, WINDOW = 15, 5.0
_JSON = ("Content-Type", "application/json; charset=utf-8")
_FIXED: Headers = (_JSON, ("Cache-Control", "no-cache"), ("Pragma", "no-cache"), ("Expires", "-1"))
Table = Callable[[], Iterable[Json]]


class ResourceGraph:
    """Answers queries over tables; `known` says whether a token is good, with `denied` nobody may read anything."""

    def __init__(self, tables: Mapping[str, Table], is_known: Callable[[str], bool], *, denied: bool = False) -> None:
        self._tables, self._known, self._denied = tables, is_known, denied
        self._kept: dict[str, Rows] = {}
        self._left, self._until = QUOTA, 0.0

    async def handle(self, request: Request) -> Reply:
        """One request."""
        if request.path.lower() != PATH or request.method != "POST":
            return _error(404, "ResourceNotFound", "The resource could not be found.")
        token = request.headers.get("authorization", "").partition(" ")[2]
        if not token or not self._known(token):
            return unauthorized(bool(token))
        if not request.query.get("api-version"):
            return _error(
                400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests."
            )
        if self._denied:
            return forbidden()
        return self._limited() or await self._answer(request)

    def _limited(self) -> Reply | None:
        """A quota for each user, in windows of five seconds."""
        now = time.monotonic()
        if now >= self._until:
            self._left, self._until = QUOTA, now + WINDOW
        if self._left <= 0:
            words = "Client application has been throttled and should not attempt to repeat the request until an amount of time"
            return _error(429, "RateLimiting", f"{words} has elapsed.", self._quota())
        self._left -= 1
        return None

    def _quota(self) -> Headers:
        left = str(self._left)
        after = f"00:00:0{min(9, max(1, round(self._until - time.monotonic())))}"
        names = ("x-ms-user-quota-remaining", "x-ms-ratelimit-remaining-tenant-resource-requests")
        return (*((name, left) for name in names), ("x-ms-user-quota-resets-after", after))

    async def _answer(self, request: Request) -> Reply:
        try:
            payload = json.loads(request.body)
            text, options = str(payload["query"]), payload.get("options") or {}
            top, skip = _place(options)
        except (ValueError, KeyError, TypeError, AttributeError):
            return _bad([{"code": "InvalidPayload", "message": "Payload is invalid."}], self._quota())
        try:
            # In a thread: thousands of rows are put together, while other servers go on.
            rows = await asyncio.to_thread(self._rows, text, tuple(payload.get("subscriptions") or ()), anew=not skip)
        except ParserFailure as failure:
            return _bad(_invalid(text, failure), self._quota())
        page = rows[skip : skip + top]
        body: Json = {"totalRecords": len(rows), "count": len(page), "data": page, "facets": [], "resultTruncated": "false"}
        if skip + top < len(rows) and page and "id" in page[0]:
            body["$skipToken"] = _token(top, skip + top)
        return json_reply(body, headers=(*_FIXED, *self._quota()))

    def _rows(self, text: str, subscriptions: tuple[str, ...], *, anew: bool) -> Rows:
        """All rows of a query; kept for the pages that follow the first one."""
        key = repr((text, subscriptions))
        if anew or key not in self._kept:
            tables = {name: _within(table, subscriptions) for name, table in self._tables.items()}
            self._kept = {key: query(text, tables)}
        return self._kept[key]


def _within(table: Table, subscriptions: tuple[str, ...]) -> Table:
    if not subscriptions:
        return table
    return lambda: (row for row in table() if row["subscriptionId"] in subscriptions)


def _place(options: Mapping[str, object]) -> tuple[int, int]:
    """Rows of a page, and how many come before it."""
    top = min(int(str(options.get("$top") or MOST)), MOST)
    if token := options.get("$skipToken"):
        mark = json.loads(base64.b64decode(str(token)))
        return int(mark["MaxRows"]), int(mark["RowsToSkip"])
    return top, int(str(options.get("$skip") or 0))


def _token(top: int, skip: int) -> str:
    mark = {"$id": "1", "MaxRows": top, "RowsToSkip": skip, "KustoClusterUrl": "https://arg-weu-demo.arg.core.windows.net"}
    return base64.b64encode(json.dumps(mark, indent=2).replace("\n", "\r\n").encode()).decode()


def _error(status: int, code: str, message: str, headers: Headers = ()) -> Reply:
    trace = ("x-ms-correlation-request-id", token_hex(16))
    return json_reply({"error": {"code": code, "message": message}}, status, (*_FIXED, trace, *headers))


def unauthorized(has_token: bool) -> Reply:
    """Nobody is signed in, or by a token that is not known."""
    challenge = 'Bearer authorization_uri="https://login.windows.net/", error="invalid_token"'
    if has_token:
        words = "The access token is invalid."
        return _error(401, "InvalidAuthenticationToken", words, (("Www-Authenticate", challenge),))
    words = "Authentication failed. The 'Authorization' header is missing."
    return _error(401, "AuthenticationFailed", words, (("Www-Authenticate", challenge),))


def forbidden(action: str = "Microsoft.ResourceGraph/resources/read", scope: str = "/") -> Reply:
    """A right is missing."""
    who = "The client '0f6b1c2d-0000-4000-8000-3a5d2e8c4b77' with object id '6b1f2c3a-0000-4000-8000-5f0e9f1d7a11'"
    words = f"{who} does not have authorization to perform action '{action}' over scope '{scope}' or the"
    words += " scope is invalid. If access was recently granted, please refresh your credentials."
    return _error(403, "AuthorizationFailed", words)


def _bad(details: list[Json], quota: Headers) -> Reply:
    head = "Please provide below info when asking for support"
    message = f"{head}: timestamp = {acr_time(datetime.now(UTC))}, correlationId = {token_hex(16)}."
    return json_reply({"error": {"code": "BadRequest", "message": message, "details": details}}, 400, (*_FIXED, *quota))


def _invalid(text: str, failure: ParserFailure) -> list[Json]:
    words = "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix the error before"
    lines = text[: failure.place].split("\n")
    place: Json = {"line": len(lines), "characterPositionInLine": len(lines[-1]), "token": failure.token, "expectedToken": "Ǐ"}
    return [
        {"code": "InvalidQuery", "message": f"{words} retrying."},
        {"code": "ParserFailure", "message": "ParserFailure", **place},
    ]

"""How Azure Resource Manager answers: headers, errors, pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_hex
from urllib.parse import quote

from tui.demo.content import Json
from tui.demo.http import Headers, Reply, Request, json_reply

__all__ = ["Routed", "arm_error", "arm_reply"]

_FIXED: Headers = (
    ("Content-Type", "application/json; charset=utf-8"),
    ("Cache-Control", "no-cache"),
    ("Pragma", "no-cache"),
    ("Expires", "-1"),
)


def arm_reply(body: object, headers: Headers = ()) -> Reply:
    """A good answer."""
    left = ("x-ms-ratelimit-remaining-subscription-reads", "249")
    return json_reply(body, headers=(*_FIXED, ("x-ms-correlation-request-id", token_hex(16)), left, *headers))


def arm_error(code: int, name: str, message: str, *, status: str = "", headers: Headers = ()) -> Reply:
    """A refusal; the container registry's provider adds `status` beside the error."""
    body: Json = {"error": {"code": name, "message": message}, **({"status": status} if status else {})}
    return json_reply(body, code, (*_FIXED, ("x-ms-correlation-request-id", token_hex(16)), *headers))


@dataclass(frozen=True, slots=True)
class Routed:
    """A request for a resource: what stands below its id, in small letters."""

    request: Request
    below: tuple[str, ...]
    scheme: str = "https"

    def page(self, values: Sequence[Json], size: int) -> Reply:
        """The page that is asked for, with a link to the next one on the same host."""
        text = self.request.query.get("$skiptoken", "0")
        first = int(text) if text.isdigit() else 0
        body: Json = {"value": list(values[first : first + size])}
        if first + size < len(values):
            parameters = {name: value for name, value in self.request.query.items() if name != "$skiptoken"}
            query = "&".join(f"{quote(name, safe='$')}={quote(value, safe='')}" for name, value in parameters.items())
            host = self.request.host
            body["nextLink"] = f"{self.scheme}://{host}{quote(self.request.path)}?{query}&%24skiptoken={first + size}"
        return arm_reply(body)

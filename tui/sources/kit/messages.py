"""What the body of a refusal says of itself, in any of the forms that services have.

Sources: Azure Resource Manager (`error` with `code` and `message`), OData (`message` an object with `value`; `odata.error`), App
Service (`Code`, `Message`), OAuth (RFC 6749 5.2), Azure DevOps (`message` beside `typeKey`; `Message` in a `value`), GitHub
(`message`, `errors`), the distribution API (`errors` with `code` and `message`), RFC 9457 (`title`, `detail`).
"""

from __future__ import annotations

from collections.abc import Mapping

from tui.domain.common.decoding import DECODING, from_json

__all__ = ["message_of"]

DEEPEST = 6
MOST = 5
_TELLING = ("error_description", "odata.error", "error", "err", "message", "errors", "value", "detail", "title", "code")
"""Members by how much they say, in small letters: the first that says something is taken."""


def message_of(body: bytes) -> str:
    """The sentence that a body says, as it came: whoever shows it cleans and cuts it. Empty for none, and for what is no JSON."""
    try:
        answer: object = from_json(body, object)
    except DECODING:
        return ""
    return _words(answer, DEEPEST) if isinstance(answer, dict) else ""


def _words(value: object, deepest: int) -> str:
    match value:
        case str():
            return value.strip()
        case bool():
            return ""
        case int():
            return str(value)
        case dict() if deepest:
            return _of_members({str(name).lower(): member for name, member in value.items()}, deepest - 1)
        case list() if deepest:
            words = (_words(entry, deepest - 1) for entry in value[:MOST])
            return "; ".join(dict.fromkeys(filter(None, words)))
        case _:
            return ""


def _of_members(members: Mapping[str, object], deepest: int) -> str:
    for name in _TELLING:
        member = members.get(name)
        # A list of the name `value` is the rows of an answer, and a number is no sentence unless it is a code.
        if (name == "value" and isinstance(member, list)) or (name != "code" and isinstance(member, int)):
            continue
        if words := _words(member, deepest):
            more = _words(members.get("errors"), deepest) if name == "message" else ""
            return f"{words}: {more}" if more else words
    return ""

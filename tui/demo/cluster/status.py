"""Errors as kube-apiserver words them (k8s.io/apimachinery/pkg/api/errors; seen on 1.36)."""

from __future__ import annotations

from tui.demo.cluster.kinds import ApiResource
from tui.demo.content import Json
from tui.demo.http import Reply, json_reply, text_reply

__all__ = [
    "bad_request",
    "expired",
    "expired_page",
    "forbidden",
    "gone_event",
    "internal",
    "no_route",
    "not_allowed",
    "not_found",
]
__all__ += [
    "apply_conflict",
    "conflict",
    "invalid",
    "invalid_patch",
    "negative_scale",
    "too_many",
    "unalterable",
    "unauthorized",
    "unsupported",
]

AUDIT = ("Cache-Control", "no-cache, private")
_PAGE_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the "
    "continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with "
    "the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the "
    "first chunk was returned and now may show up in the list."
)


def _status(code: int, reason: str, message: str, details: Json | None = None, metadata: Json | None = None) -> Json:
    body: Json = {"kind": "Status", "apiVersion": "v1", "metadata": metadata or {}, "status": "Failure", "message": message}
    body["reason"] = reason
    if details is not None:
        body["details"] = details
    return {**body, "code": code}


def _reply(body: Json, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    code = body["code"]
    return json_reply(body, code if isinstance(code, int) else 500, (AUDIT, ("Content-Type", "application/json"), *headers))


def unauthorized() -> Reply:
    """401."""
    return _reply(_status(401, "Unauthorized", "Unauthorized"))


def forbidden(user: str, verb: str, kind: ApiResource, namespace: str, name: str = "", part: str = "") -> Reply:
    """403 of the RBAC authorizer."""
    scope = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    subject = f'{_plural(kind)} "{name}"' if name else _plural(kind)
    resource = f"{kind.resource}/{part}" if part else kind.resource
    action = f'cannot {verb} resource "{resource}" in API group "{kind.group}" {scope}'
    details: Json = {"name": name} if name else {}
    details |= {"group": kind.group} if kind.group else {}
    message = f'{subject} is forbidden: User "{user}" {action}'
    return _reply(
        _status(403, "Forbidden", message, {**details, "kind": kind.resource}), (("X-Content-Type-Options", "nosniff"),)
    )


def refused(method: str, path: str) -> Reply:
    """403 from what stands before the rules, as a webhook or a proxy that says no: it names no rule."""
    message = f'forbidden: User "contoso-admin" cannot {method.lower()} path "{path}"'
    return _reply(_status(403, "Forbidden", message, {}))


def not_found(kind: ApiResource, name: str) -> Reply:
    """404 of an object."""
    details: Json = {"name": name, **({"group": kind.group} if kind.group else {}), "kind": kind.resource}
    return _reply(_status(404, "NotFound", f'{_plural(kind)} "{name}" not found', details))


def no_route() -> Reply:
    """404 of a path that is not served."""
    return text_reply("404 page not found\n", 404, (AUDIT, ("X-Content-Type-Options", "nosniff")))


def not_allowed() -> Reply:
    """405: the demo changes nothing."""
    return _reply(_status(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {}))


def bad_request(message: str) -> Reply:
    """400."""
    return _reply(_status(400, "BadRequest", message))


def unsupported() -> Reply:
    """415: only JSON is read here; the real server reads protobuf, too."""
    message = "the body of the request was in an unknown format - accepted media types include: application/json"
    return _reply(_status(415, "UnsupportedMediaType", message, {}))


def too_many(seconds: int) -> Reply:
    """429 of API priority and fairness."""
    details: Json = {"retryAfterSeconds": seconds}
    message = "the server has received too many requests and has asked us to try again later"
    return _reply(_status(429, "TooManyRequests", message, details), (("Retry-After", str(seconds)),))


def conflict(kind: ApiResource, name: str, why: str) -> Reply:
    """409 of a change that does not fit the object as it is."""
    details: Json = {"name": name, **({"group": kind.group} if kind.group else {}), "kind": kind.resource}
    return _reply(_status(409, "Conflict", f'Operation cannot be fulfilled on {_plural(kind)} "{name}": {why}', details))


def apply_conflict(causes: list[tuple[str, str]]) -> Reply:
    """409 of an apply that would take fields from other managers; each cause is a message and a field."""
    listed = [{"reason": "FieldManagerConflict", "message": message, "field": field} for message, field in causes]
    several = "conflict" if len(causes) == 1 else "conflicts"
    words = "; ".join(f"{message}: {field}" for message, field in causes)
    return _reply(_status(409, "Conflict", f"Apply failed with {len(causes)} {several}: {words}", {"causes": listed}))


def invalid_patch() -> Reply:
    """422 of a JSON patch that does not apply, also of one whose test fails."""
    return _reply(_status(422, "Invalid", "the server rejected our request due to an error in our request", {}))


def invalid(kind: ApiResource, name: str, field: str) -> Reply:
    """422 of an object that would not be valid."""
    causes = [{"reason": "FieldValueRequired", "message": "Required value", "field": field}]
    details: Json = {"name": name, "group": kind.group, "kind": kind.kind, "causes": causes}
    words = f'{kind.kind}.{kind.group} "{name}" is invalid: {field}: Required value'
    return _reply(_status(422, "Invalid", words, details))


def unalterable(kind: ApiResource, name: str, field: str, why: str, *, forbidden: bool = False) -> Reply:
    """422 of a change of what may not be changed; the real one also says what the value would be."""
    reason, words = ("FieldValueForbidden", "Forbidden") if forbidden else ("FieldValueInvalid", "Invalid value")
    details: Json = {"name": name, **({"group": kind.group} if kind.group else {}), "kind": kind.kind}
    details["causes"] = [{"reason": reason, "message": f"{words}: {why}", "field": field}]
    called = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    return _reply(_status(422, "Invalid", f'{called} "{name}" is invalid: {field}: {words}: {why}', details))


def negative_scale(name: str, number: int) -> Reply:
    """422 of a number of pods below zero."""
    why = f"Invalid value: {number}: must be greater than or equal to 0"
    cause: Json = {"reason": "FieldValueInvalid", "message": why, "field": "spec.replicas"}
    details: Json = {"name": name, "group": "autoscaling", "kind": "Scale", "causes": [cause]}
    return _reply(_status(422, "Invalid", f'Scale.autoscaling "{name}" is invalid: spec.replicas: {why}', details))


def internal(message: str) -> Reply:
    """500."""
    details: Json = {"causes": [{"message": message}]}
    return _reply(_status(500, "InternalError", f"Internal error occurred: {message}", details))


def expired_page(token: str) -> Reply:
    """410 of a page, with a token for the rest of the list as it is now."""
    return _reply(_status(410, "Expired", _PAGE_EXPIRED, metadata={"continue": token}))


def expired(requested: int, oldest: int) -> Json:
    """What a watch from a version that is too old is told: an object in an ERROR event, not a status line."""
    return _status(410, "Expired", f"too old resource version: {requested} ({oldest})")


def gone_event(requested: int, oldest: int) -> Json:
    """The ERROR event."""
    return {"type": "ERROR", "object": expired(requested, oldest)}


def _plural(kind: ApiResource) -> str:
    return f"{kind.resource}.{kind.group}" if kind.group else kind.resource

"""The errors of registries, word for word as recorded (sdk-python 2021-06, azure-cli-extensions) or as distribution has them."""

from __future__ import annotations

from tui.demo.http import Headers, Reply, json_reply, text_reply

__all__ = [
    "API_VERSION",
    "EXPOSE",
    "OLD_NOT_FOUND",
    "disallowed",
    "error",
    "manifest_unknown",
    "name_unknown",
    "no_route",
    "too_many",
]

API_VERSION = ("Docker-Distribution-Api-Version", "registry/2.0")
EXPOSE: Headers = tuple(
    ("Access-Control-Expose-Headers", name)
    for name in ("Docker-Content-Digest", "WWW-Authenticate", "Link", "X-Ms-Correlation-Request-Id")
)
ACR_HEADERS: Headers = (*EXPOSE, API_VERSION)
JSON = ("Content-Type", "application/json; charset=utf-8")
OLD_NOT_FOUND = "404 page not found\n"
_MISSING = object()


def error(status: int, code: str, message: str, detail: object = _MISSING, headers: Headers = ACR_HEADERS) -> Reply:
    """One error; ACR leaves `detail` out where it has none to give, and writes null where Go had a nil."""
    body: dict[str, object] = {"code": code, "message": message}
    if detail is not _MISSING:
        body["detail"] = detail
    return json_reply({"errors": [body]}, status, (JSON, *headers))


def no_route() -> Reply:
    """A path that the service does not know: plain text."""
    return text_reply(OLD_NOT_FOUND, 404, (API_VERSION,))


def name_unknown(name: str) -> Reply:
    """A repository that is not there."""
    return error(404, "NAME_UNKNOWN", "repository name not known to registry", {"name": name})


def manifest_unknown(reference: str = "") -> Reply:
    """A manifest that is not there: the distribution API names it, ACR's own lists do not."""
    if not reference:
        return error(404, "MANIFEST_UNKNOWN", "manifest unknown")
    detail = {"Tag": reference} if ":" not in reference else None
    message = "manifest unknown" if detail else f"manifest {reference} is not found"
    return error(404, "MANIFEST_UNKNOWN", message, detail)


def disallowed() -> Reply:
    """405 of what a lock forbids (Azure/azure-sdk-for-net#22827)."""
    message = (
        "The operation is disallowed on this registry, repository or image. View troubleshooting steps at "
        "https://aka.ms/acr/faq/#why-does-my-pull-or-push-request-fail-with-disallowed-operation"
    )
    return error(405, "REGISTRY_DISALLOWED_OPERATION", message, {})


def too_many(seconds: int) -> Reply:
    """Throttled. No 429 of ACR is on record: the words are from public issues, the code is distribution's."""
    message = "Too many requests. Please visit https://aka.ms/acr/skus for details on throttling limits."
    return error(429, "TOOMANYREQUESTS", message, None, (*ACR_HEADERS, ("Retry-After", str(seconds))))

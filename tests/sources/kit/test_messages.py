"""What bodies of refusals say of themselves, by the form of the service: recorded, or of its specification."""

from __future__ import annotations

import json

import pytest

from tui.sources.kit.messages import message_of


@pytest.mark.parametrize(
    ("body", "words"),
    [
        # Azure Resource Manager; of the registry with a state beside it (recorded).
        ({"error": {"code": "AuthorizationFailed", "message": "The client has no right."}}, "The client has no right."),
        ({"error": {"code": "ResourceNotFound", "message": "Not there."}, "status": "Failed"}, "Not there."),
        ({"error": {"code": "Conflict", "details": [{"message": "inner"}]}}, "Conflict"),
        # Resource Graph: the details say what is wrong, and are read by nobody but developers.
        ({"error": {"code": "BadRequest", "message": "Please provide", "innererror": {"code": "x"}}}, "Please provide"),
        # OData, older and newer.
        ({"error": {"code": "", "message": {"lang": "en-US", "value": "No such thing."}}}, "No such thing."),
        ({"odata.error": {"code": "x", "message": {"lang": "en", "value": "Old."}}}, "Old."),
        # App Service and classic deployment (recorded), numbers as texts and as numbers.
        ({"Code": "429", "Message": "Too many."}, "Too many."),
        ({"code": 429}, "429"),
        # Entra ID (RFC 6749 5.2).
        ({"error": "invalid_grant", "error_description": "AADSTS700082: expired"}, "AADSTS700082: expired"),
        ({"error": "invalid_grant"}, "invalid_grant"),
        # Azure DevOps.
        ({"$id": "1", "innerException": None, "message": "TF1: no", "typeKey": "X", "errorCode": 0}, "TF1: no"),
        (
            {"count": 1, "value": {"Message": "The requested resource does not support it."}},
            "The requested resource does not support it.",
        ),
        # GitHub.
        ({"message": "Not Found", "documentation_url": "https://docs.github.com", "status": "404"}, "Not Found"),
        (
            {"message": "Validation Failed", "errors": [{"resource": "R", "message": "no ref"}, "and"]},
            "Validation Failed: no ref; and",
        ),
        # Registries.
        (
            {"errors": [{"code": "NAME_UNKNOWN", "message": "repository name not known", "detail": None}]},
            "repository name not known",
        ),
        ({"errors": [{"code": "DENIED"}]}, "DENIED"),
        # Consoles, Kubernetes, RFC 9457.
        ({"err": "bad token"}, "bad token"),
        ({"kind": "Status", "status": "Failure", "message": "pods is forbidden", "code": 403}, "pods is forbidden"),
        ({"type": "about:blank", "title": "Gone", "status": 410, "detail": "It was deleted."}, "It was deleted."),
        ({"error": True, "message": "said"}, "said"),
        # Nothing that says anything.
        ({"value": ["rows"], "count": 1}, ""),
        ({"count": 0, "value": []}, ""),
        ({}, ""),
        ([{"message": "a list is no refusal"}], ""),
        ("text", ""),
        (None, ""),
        ({"error": {"error": {"error": {"error": {"error": {"error": {"error": "deep"}}}}}}}, ""),
    ],
)
def test_what_a_refusal_says(body: object, words: str) -> None:
    assert message_of(json.dumps(body).encode()) == words


@pytest.mark.parametrize("body", [b"", b"<html>", b"404 page not found\n", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000])
def test_what_is_no_json_says_nothing(body: bytes) -> None:
    assert message_of(body) == ""

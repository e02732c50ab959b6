"""What an outside system does not know, in sentences that can be read: what was asked for is said as an act."""

from __future__ import annotations

import pytest

from tui.errors import ForeignAnswer, NotFound, SourceError
from tui.sources.cluster.failures import answer_error
from tui.sources.kit.transport import Reply
from tui.sources.kit.webapi import ApiService, refusal


def test_an_api_server_that_does_not_know_a_list() -> None:
    body = b'{"kind":"Status","apiVersion":"v1","status":"Failure","message":"nf","code":404}'
    error = answer_error(404, body, "list replicationcontrollers cluster-wide", "k.example")
    assert isinstance(error, NotFound)
    assert error.headline == (
        "The API server k.example does not know the request to list replicationcontrollers cluster-wide (404). It says: nf"
    )


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b"<html>", ForeignAnswer, "The console does not know the request to list images (404, not in its own form)"),
        (b'{"message":"nf"}', NotFound, "The console does not know the request to list images (404): nf"),
    ],
)
def test_a_service_that_does_not_know_a_path(body: bytes, kind: type[SourceError], words: str) -> None:
    reply = Reply(404, {}, body, "https://c.example/")
    error = refusal(reply, "list images", ApiService("The console", "", "", ""))
    assert type(error) is kind
    assert error.headline == words

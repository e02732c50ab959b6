"""The quota of Azure Resource Graph: its reset is told in whole seconds, so who comes when it says so comes too early."""

from __future__ import annotations

import pytest

from tui.errors import Throttled
from tui.sources.azure.graph import LONGEST_RESET, QUOTA_WINDOW, quota_rest
from tui.sources.kit.transport import Reply
from tui.sources.kit.webapi import ApiService, refusal

LEFT, RESET = "x-ms-user-quota-remaining", "x-ms-user-quota-resets-after"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({LEFT: "14", RESET: "00:00:05"}, 0.0),
        ({}, 0.0),
        ({LEFT: "0", RESET: "00:00:05"}, 6.0),
        ({LEFT: "0", RESET: "00:00:00"}, 1.0),
        ({LEFT: "0"}, QUOTA_WINDOW),
        ({LEFT: "0", RESET: "soon"}, QUOTA_WINDOW),
        ({LEFT: "0", RESET: "01:00:00"}, LONGEST_RESET),
    ],
)
def test_the_next_page_waits_until_the_quota_is_whole_for_certain(headers: dict[str, str], seconds: float) -> None:
    assert quota_rest(Reply(200, headers, b"", "https://management.example/")) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({RESET: "00:00:04"}, 5.0), ({RESET: "00:00:00"}, 1.0), ({RESET: "00:00:04", "retry-after": "3"}, 3.0), ({}, None)],
)
def test_what_was_refused_for_the_quota_waits_as_long(headers: dict[str, str], seconds: float | None) -> None:
    reply = Reply(429, headers, b'{"error": {"code": "RateLimiting"}}', "https://management.example/")
    error = refusal(reply, "read the findings", ApiService("Azure Resource Graph", "", "", ""))
    assert isinstance(error, Throttled)
    assert error.retry_after == seconds

"""Nothing secret is ever in the log."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tui.domain.common.redaction import redact
from tui.log import KEPT, start_log

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzM2NyZXQifQ.s3cretsignature"


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer s3cret.token",
        "{'Authorization': 'Basic s3cret', 'Accept': '*/*'}",
        '{"authorization": "Bearer s3cret"}',
        "authorization=Basic s3",
        "Proxy-Authorization: s3cret",
        "Set-Cookie: a=s3cret; Path=/",
        f"token is {JWT}",
        f"x {JWT[:30]}",
        "refresh_token=s3cret&grant_type=x",
        '{"access_token":"s3cret","expires_in":3}',
        '{"refresh_token": "s3cret"}',
        "client_secret=s3cret",
        "client_assertion=s3cret",
        "https://acct.blob.core.windows.net/c/b?sv=2020&sig=s3cret%3D&se=1",
        "https://me:s3cret@proxy:3128/x",
        "https://s3cret@proxy/x",
        "password: s3cret",
        "PASSWORD='s3cret with space'",
        "GET /?code=s3cret HTTP/1.1",
        "-----BEGIN RSA PRIVATE KEY-----\ns3cret\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\ns3cret",
    ],
)
def test_credentials_are_hidden(text: str) -> None:
    assert "s3" not in redact(text)
    assert JWT[:20] not in redact(text)
    assert "[hidden]" in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "GET https://contoso.azurecr.io/v2/app/manifests/1.8.2 -> 200",
        "status code: 403",
        "signature: none found",
        "sha256:3f2a91c04d1e of payments-api",
        "scope=repository:app:pull&service=contoso.azurecr.io",
    ],
)
def test_the_rest_stays_readable(text: str) -> None:
    assert redact(text) == text


def test_arguments_and_tracebacks_are_redacted_too(home: Path) -> None:
    path = home / "x.log"
    start_log("debug", path)
    logger = logging.getLogger("t")
    logger.debug("headers %s", {"Authorization": "Bearer s3cret"})
    logger.warning("a\x1b[31mb\u202e", exc_info=ValueError("password=s3cret"))
    text = path.read_text()
    assert "headers" in text
    assert "ValueError" in text
    assert "s3cret" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_the_level_is_obeyed_and_the_size_is_bounded(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.log.MAX_BYTES", 20_000)
    path = home / "deep" / "x.log"
    start_log("warning", path)
    logging.getLogger("t").info("quiet")
    line = "x" * 1000
    for _ in range(20 * (KEPT + 2)):
        logging.getLogger("t").warning(line)
    files = list(path.parent.iterdir())
    assert len(files) == KEPT + 1
    assert all(file.stat().st_size <= 20_000 for file in files)
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)
    assert "quiet" not in path.read_text()

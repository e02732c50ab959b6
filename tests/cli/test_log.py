"""Nothing secret is ever in the log."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tui.cli.log import CONTINUED, HEAD, KEPT, TAIL, start_log
from tui.domain.common.redaction import redact

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
    logger = logging.getLogger("tui.t")
    logger.debug("headers %s", {"Authorization": "Bearer s3cret"})
    logger.warning("a\x1b[31mb\u202e", exc_info=ValueError("password=s3cret"))
    text = path.read_text()
    assert "headers" in text
    assert "ValueError" in text
    assert "s3cret" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_the_level_is_obeyed_and_the_size_is_bounded(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.cli.log.MAX_BYTES", 20_000)
    path = home / "deep" / "x.log"
    start_log("warning", path)
    logging.getLogger("tui.t").info("quiet")
    line = "x" * 1000
    for _ in range(20 * (KEPT + 2)):
        logging.getLogger("tui.t").warning(line)
    files = list(path.parent.iterdir())
    assert len(files) == KEPT + 1
    assert all(file.stat().st_size <= 20_000 for file in files)
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)
    assert "quiet" not in path.read_text()


def records(path: Path) -> list[str]:
    """The lines that begin a record."""
    return [line for line in path.read_text().splitlines() if not line.startswith(CONTINUED)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_what_others_wrote_cannot_pass_for_a_record(home: Path, end: str) -> None:
    path = home / "x.log"
    start_log("info", path)
    forged = f"it failed{end}2031-01-01 00:00:00,000 CRITICAL trustree: the program was hacked"
    logging.getLogger("tui.t").info("a registry says: %s", forged, exc_info=ValueError(forged))
    assert len(records(path)) == 1
    assert path.read_text().count("hacked") == 2


@pytest.mark.parametrize(
    "name", ["azure.core.pipeline.policies.http_logging_policy", "azure.identity", "kubernetes", "asyncio", "x"]
)
def test_of_packages_only_warnings_are_let_in(home: Path, name: str) -> None:
    path = home / "x.log"
    start_log("debug", path)
    logging.getLogger(name).debug("quiet")
    logging.getLogger(name).info("quiet")
    logging.getLogger(name).warning("loud")
    assert "quiet" not in path.read_text()
    assert "loud" in path.read_text()


def test_of_what_packages_warn_of_only_the_first_line_is_written(home: Path) -> None:
    """azure-identity 1.27, `managed_identity_client`: an answer that is no JSON stands in the message, with its body."""
    path = home / "x.log"
    start_log("info", path)
    logging.getLogger("azure.identity.aio").warning(
        "%s failed: %s", "get_token", 'Unexpected content type "text/plain"\nContent: a body'
    )
    logging.getLogger("tui.t").warning("two\nlines")
    text = path.read_text()
    assert "get_token failed: Unexpected content type" in text
    assert "a body" not in text
    assert "lines" in text


def test_a_record_is_bounded_and_what_is_cut_of_it_was_redacted_first(home: Path) -> None:
    path = home / "x.log"
    start_log("info", path)
    logging.getLogger("tui.t").info("%s token=%s %s", "x" * (HEAD - 60), "s3cret" * 2000, "y" * TAIL)
    text = path.read_text()
    assert len(text) < HEAD + TAIL + 100
    assert "s3" not in text
    assert "[hidden]" in text

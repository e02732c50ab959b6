"""What certificates are trusted, whatever Python's own default is."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from tui.sources.kit.authorities import trusting


def test_a_ca_without_key_identifiers_is_trusted_as_other_tools_trust_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    strict = ssl.create_default_context()
    strict.verify_flags |= ssl.VERIFY_X509_STRICT  # as Python 3.13 makes it
    monkeypatch.setattr(ssl, "create_default_context", lambda: strict)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))  # a context that nobody has made before
    context = trusting("")
    assert context is strict
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname

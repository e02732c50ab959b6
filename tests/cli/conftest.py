"""The command line is tested in a home of its own, without the variables of whoever runs the tests."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.asking import Asked, asked_of_the_demo
from tui.cli.log import OURS

VARIABLES = (
    *("TRUSTREE_CONFIG", "TRUSTREE_LOG_LEVEL", "TRUSTREE_LOG_FILE", "TRUSTREE_ASCII", "TRUSTREE_THEME", "TRUSTREE_POLICY"),
    *("KUBECONFIG", "NO_COLOR", "HTTPS_PROXY", "https_proxy"),
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home; what the log was is put back."""
    for name in ("CONFIG", "CACHE", "STATE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    for name in (
        "TRUSTREE_CONFIG",
        "TRUSTREE_LOG_LEVEL",
        "TRUSTREE_ASCII",
        "TRUSTREE_THEME",
        "KUBECONFIG",
        "NO_COLOR",
        "HTTPS_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    ours = [logging.getLogger(name) for name in OURS]
    root.handlers[:] = []
    yield tmp_path
    for handler in root.handlers[:]:
        root.removeHandler(handler)
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    for logger in ours:
        logger.setLevel(logging.NOTSET)


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """The quiet demo, read once by every front for all who compare them."""
    return asked_of_the_demo(tmp_path_factory.mktemp("demo"))

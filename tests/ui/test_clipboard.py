"""Copying inside of tmux as it ships, where what programs send to the clipboard is dropped."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui.ui.clipboard import copied_by_tmux

TMUX = shutil.which("tmux")


@pytest.fixture
def inside_tmux(tmp_path: Path) -> Iterator[dict[str, str]]:
    if TMUX is None:
        pytest.skip("tmux is not installed")
    socket = tmp_path / "s"
    command = [TMUX, "-f", "/dev/null", "-S", str(socket)]
    subprocess.run([*command, "new-session", "-d", "sleep 60"], check=True, env={**os.environ, "TERM": "screen"})
    try:
        yield {**os.environ, "TMUX": f"{socket},1,0"}
    finally:
        subprocess.run([*command, "kill-server"], check=False)


async def test_a_text_reaches_the_buffer(inside_tmux: dict[str, str]) -> None:
    assert await copied_by_tmux("contoso.azurecr.io/api:1 ✔\nand more", inside_tmux)
    assert _buffer(inside_tmux["TMUX"].partition(",")[0]) == "contoso.azurecr.io/api:1 ✔\nand more"


def _buffer(socket: str) -> str:
    return subprocess.run([str(TMUX), "-S", socket, "show-buffer"], check=True, capture_output=True, text=True).stdout


async def test_without_tmux_nothing_is_said_to_be_copied(tmp_path: Path) -> None:
    assert not await copied_by_tmux("text", {"PATH": os.environ["PATH"]})
    assert not await copied_by_tmux("text", {"PATH": str(tmp_path), "TMUX": "/nowhere,1,0"})
    assert not await copied_by_tmux("text", {**os.environ, "TMUX": f"{tmp_path}/none,1,0"})

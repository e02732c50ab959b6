"""`trustree cache`: what is kept on disk between runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tui.cli.main import main
from tui.estate.content_file import ContentFile, Entry


def test_the_cache_is_shown_and_cleared(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    directory = home / "cache" / "trustree" / "content"
    assert main(["cache"]) == 0
    assert f"{directory}/content.sqlite" in capfd.readouterr().out
    assert not directory.exists()  # who only looks makes nothing
    file = ContentFile(directory, 1 << 20)
    file.put([Entry("sha256:x", b"content", 0.0)])
    file.release()
    assert main(["cache", "info", "-o", "json"]) == 0
    shown = json.loads(capfd.readouterr().out)
    assert (shown["schema"], shown["entries"], shown["enabled"], shown["problem"]) == ("trustree/cache/v1", 1, True, "")
    assert main(["info"]) == 0
    assert "entries: 1, " in capfd.readouterr().out
    assert main(["cache", "clear"]) == 0
    assert "Removed entries: 1" in capfd.readouterr().out
    assert not file.path.exists()


def test_a_cache_that_cannot_be_used_is_told_and_cleared(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = home / "cache" / "trustree" / "content" / "content.sqlite"
    file.parent.mkdir(parents=True)
    file.write_text("garbage" * 100)
    for command in ("cache", "info"):
        assert main([command]) == 0
        assert "cannot be used: it is damaged, or not a file of trustree's" in capfd.readouterr().out
    assert file.exists()  # who only looks changes nothing
    assert main(["cache", "clear"]) == 0
    assert "Removed" in capfd.readouterr().out
    assert not file.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('max_size = "64MiB"', "at most 64.0 MiB"),
        ('max_size = "1Gi"', "at most 1024.0 MiB"),
        ("enabled = false", "not used"),
    ],
)
def test_the_cache_is_as_large_as_the_settings_say(home: Path, capfd: pytest.CaptureFixture[str], text: str, words: str) -> None:
    (home / "config.toml").write_text(f"[cache]\n{text}\n")
    assert main(["cache", "--config", str(home / "config.toml")]) == 0
    assert words in capfd.readouterr().out


@pytest.mark.parametrize("text", ["max_size = 5", 'max_size = "much"', 'max_size = "1000"', 'enabled = "no"', "size = 1"])
def test_what_the_settings_cannot_say_of_the_cache_is_refused(home: Path, capfd: pytest.CaptureFixture[str], text: str) -> None:
    (home / "config.toml").write_text(f"[cache]\n{text}\n")
    assert main(["cache", "--config", str(home / "config.toml")]) == 1
    assert "config.toml:2:" in capfd.readouterr().err


def test_without_the_cache_nothing_is_kept(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["cache", "--no-cache"]) == 0
    assert "not used" in capfd.readouterr().out

"""What is no frame: modes, the clipboard, a terminal that is left and come back to, and frames shown all at once."""

from __future__ import annotations

from tui.ui.output.screen import TerminalScreen

ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"
FRAME = "\x1b[1;1H\x1b[31mhello\x1b[0m     \x1b[2;1H          \x1b[1;1H"


def _screen() -> TerminalScreen:
    screen = TerminalScreen(lambda: (10, 2), erases=True)
    screen.draw(ENTER)
    screen.draw(FRAME)
    assert "hello" in screen.take()
    return screen


def _sent(screen: TerminalScreen, data: str) -> str:
    screen.draw(data)
    return screen.take()


def test_codes_that_draw_nothing_pass_as_they_are_and_change_nothing() -> None:
    screen = _screen()
    for code in (
        "\x1b[?25l",
        "\x1b[?1004h",
        "\x1b[>25u",
        "\x1b[<u",
        "\x1b[?2048$p",
        "\x1b]52;c;aGVsbG8=\x07",
        "\x07",
        "\x1b[?2004h",
    ):
        assert _sent(screen, code) == code
    assert _sent(screen, FRAME) == ""


def test_codes_that_may_draw_anything_pass_and_all_is_sent_anew() -> None:
    screen = _screen()
    sent = _sent(screen, "\x1b[2J")
    assert sent.startswith("\x1b[2J")
    assert "hello" in sent


def test_nothing_is_taken_for_granted_on_a_terminal_that_was_left() -> None:
    screen = _screen()
    assert _sent(screen, LEAVE) == f"\x1b[m{LEAVE}"
    assert _sent(screen, FRAME) == ""
    assert "hello" in _sent(screen, ENTER)


def test_a_terminal_that_may_have_rearranged_itself_is_sent_everything() -> None:
    screen = _screen()
    screen.forget()
    assert "hello" in _sent(screen, FRAME)
    assert _sent(screen, FRAME) == ""


def test_a_large_frame_is_shown_all_at_once_where_the_terminal_can() -> None:
    screen = TerminalScreen(lambda: (200, 4), erases=True)
    screen.draw(ENTER)
    screen.take()
    words = "".join(f"\x1b[{y + 1};1H{'word ' * 40}" for y in range(4))
    assert "\x1b[?2026" not in _sent(screen, words)
    screen.forget()
    sent = _sent(screen, f"\x1b[?2026h{words}\x1b[?2026l")
    assert sent.startswith("\x1b[?2026h")
    assert sent.endswith("\x1b[?2026l")
    assert "\x1b[?2026" not in _sent(screen, "\x1b[?2026h\x1b[1;1HW\x1b[?2026l")

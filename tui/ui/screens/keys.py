"""The line of keys at the bottom: the keys that work now, those that matter most first."""

from __future__ import annotations

from collections.abc import Collection

from textual.binding import Binding
from textual.keys import format_key
from textual.screen import Screen

from tui.presenters.glyphs import ASCII, Glyphs
from widgets.page import Banner
from widgets.painted import Painted
from widgets.rows import Span, TextLine

__all__ = ["HELPED", "KeyLine", "dress", "key_of", "keys_of"]

FIRST = (
    *("plan.begin", "tree.open", "page.back", "plan.copy", "plan.save", "log", "cancel", "why"),
    *("log.search", "log.container", "log.pod", "log.previous", "log.follow", "log.wrap"),
    *("rebuild", "rebuild.found", "redeploy", "filter", "faults", "other", "zoom", "command", "sources", "help", "leave"),
)

HELPED = frozenset({"contain", "copy.reference", "describe", "users", "tree.mark", "detail.next", "history.back", "check"})
"""What matters on every screen that has it, and has no room below: the help begins with it, and with the views."""
HELP = "help"
"""What has room in every line of keys."""
GAP = "  "

NAMES = {"⏎": "Enter", "escape": "Esc", "esc": "Esc", "pgup": "PgUp", "pgdn": "PgDn", "pageup": "PgUp", "pagedown": "PgDn"}


def keys_of(screen: Screen[object], *, hidden: bool = False, besides: Collection[str] = ()) -> list[tuple[str, str, bool]]:
    """Key, what it does and whether it can run, in the order of FIRST; `hidden` adds the keys that have no room below, `besides`
    those of them that have these names."""
    by_action: dict[str, tuple[str, str, bool, str]] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if not binding.id or not binding.description or not (binding.show or hidden or binding.id in besides):
            continue
        name = key_of(binding)
        before = by_action.get(binding.action)
        keys = " ".join(dict.fromkeys([*(before[0].split() if before else ()), name]))
        by_action[binding.action] = (keys, binding.description, active.enabled, binding.id or "")
    ranked = sorted(by_action.values(), key=lambda entry: FIRST.index(entry[3]) if entry[3] in FIRST else len(FIRST))
    return [entry[:3] for entry in ranked]


def key_of(binding: Binding) -> str:
    """The key of a binding, as it is written on keyboards."""
    return binding.key_display or _key_name(binding.key)


def _key_name(key: str) -> str:
    """A key as it is written on keyboards: `Esc`, `PgDn`, `Ctrl+F`."""
    *held, last = format_key(key).split("+")
    last = NAMES.get(last, last.title() if len(last) > 1 or held else last)
    return "+".join([*(part.title() for part in held), last])


def dress(screen: Screen[None] | Screen[bool], glyphs: Glyphs) -> None:
    """Let every painted widget of a screen use the signs that the terminal can show."""
    for painted in screen.query(Painted):
        painted.ascii = glyphs is ASCII


def _cells(entry: tuple[str, str]) -> int:
    return len(entry[0]) + 1 + len(entry[1]) + len(GAP)


class KeyLine(Banner):
    """The keys that work now."""

    def on_mount(self) -> None:
        """Follow the bindings."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.show_keys())
        self.call_after_refresh(self.show_keys)

    def show_keys(self) -> None:
        """Show the keys that work now, as many as there is room for; the help always."""
        entries = [(key, words) for key, words, enabled in keys_of(self.screen) if enabled]
        last = [entry for entry in entries if entry[1] == HELP]
        room = self.size.width - 1 - sum(_cells(entry) for entry in last)
        shown: list[tuple[str, str]] = []
        for entry in entries:
            room -= 0 if entry in last else _cells(entry)
            if room + len(GAP) < 0:
                break
            shown.append(entry)
        shown += [entry for entry in last if entry not in shown]
        spans = [span for key, words in shown for span in (Span(key, "accent bold"), Span(f" {words}{GAP}", "dim"))]
        self.set_lines([TextLine((Span(" "), *spans[:-1], *(Span(span.text.rstrip(), span.style) for span in spans[-1:])))])

    def on_resize(self) -> None:
        """Other room."""
        self.show_keys()

"""The line of keys at the bottom: every key is shown where it works, and is dim where it cannot run."""

from __future__ import annotations

from textual.keys import format_key
from textual.screen import Screen

from tui.presenters.glyphs import ASCII, Glyphs
from widgets.page import Banner
from widgets.painted import Painted
from widgets.rows import Span, TextLine

__all__ = ["KeyLine", "dress", "keys_of"]

FIRST = (
    *("plan.begin", "tree.open", "page.back", "plan.copy", "plan.save", "log", "rebuild", "redeploy", "log.search", "log.follow"),
    *("other", "filter", "faults", "zoom", "sources", "command", "help", "leave"),
)

NAMES = {"⏎": "Enter", "escape": "Esc", "esc": "Esc", "pgup": "PgUp", "pgdn": "PgDn", "pageup": "PgUp", "pagedown": "PgDn"}


def keys_of(screen: Screen[object], *, hidden: bool = False) -> list[tuple[str, str, bool]]:
    """Key, what it does and whether it can run, in the order of FIRST; `hidden` adds the keys that have no room below."""
    by_action: dict[str, tuple[str, str, bool, str]] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if not binding.id or not binding.description or not (binding.show or hidden):
            continue
        name = binding.key_display or _key_name(binding.key)
        before = by_action.get(binding.action)
        keys = " ".join(dict.fromkeys([*(before[0].split() if before else ()), name]))
        by_action[binding.action] = (keys, binding.description, active.enabled, binding.id or "")
    ranked = sorted(by_action.values(), key=lambda entry: FIRST.index(entry[3]) if entry[3] in FIRST else len(FIRST))
    return [entry[:3] for entry in ranked]


def _key_name(key: str) -> str:
    """A key as it is written on keyboards: `Esc`, `PgDn`, `Ctrl+F`."""
    parts = format_key(key).split("+")
    return "+".join(NAMES.get(part, part.title() if len(part) > 1 else part) for part in parts)


def dress(screen: Screen[None] | Screen[bool], glyphs: Glyphs) -> None:
    """Let every painted widget of a screen use the signs that the terminal can show."""
    for painted in screen.query(Painted):
        painted.ascii = glyphs is ASCII


class KeyLine(Banner):
    """The keys that work now."""

    def on_mount(self) -> None:
        """Follow the bindings."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.show_keys())
        self.call_after_refresh(self.show_keys)

    def show_keys(self) -> None:
        """Show the keys that work now, as many as there is room for."""
        spans, room = [Span(" ")], self.size.width - 1
        for key, words, enabled in keys_of(self.screen):
            room -= len(key) + len(words) + 1
            if room < 0:
                break
            spans += [Span(key, "accent bold" if enabled else "dim"), Span(f" {words}   ", "dim")]
            room -= 3
        spans[-1] = Span(spans[-1].text.rstrip(), spans[-1].style) if len(spans) > 1 else spans[-1]
        self.set_lines([TextLine(tuple(spans))])

    def on_resize(self) -> None:
        """Other room."""
        self.show_keys()

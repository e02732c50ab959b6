"""The keys of the explorer: each binding has an id, so that the user's config may remap it; help is made from these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from textual.binding import Binding, BindingType

from tui.domain.common.nearest import did_you_mean
from tui.errors import InvalidConfig
from tui.presenters.views.table import VIEWS
from widgets.marking import MarkingTree
from widgets.page import TextPage
from widgets.tree import VirtualTree

__all__ = ["EXPLORER", "GLOBAL", "ONWARD", "PAGE", "PAGES", "check_names"]

GLOBAL: list[BindingType] = [
    Binding("question_mark", "help", "help", key_display="?", id="help"),
    Binding("colon", "command", "command", key_display=":", id="command"),
    Binding("ctrl+p", "command", "command, query or name", show=False, id="palette"),
    Binding("t", "change_theme", "theme", show=False, id="theme"),
    Binding("R,ctrl+r", "refresh_estate", "read again", show=False, id="refresh"),
    Binding("S", "picture", "a picture of the screen, into a file", show=False, id="picture"),
    Binding("ctrl+l", "redraw", "redraw the screen", show=False, priority=True, id="redraw"),
    Binding("ctrl+c", "interrupt", "quit, pressed twice", show=False, priority=True, id="interrupt"),
    Binding("ctrl+z", "suspend_process", "suspend to the shell; fg comes back", show=False, priority=True, id="suspend"),
]

EXPLORER: list[BindingType] = [
    Binding("slash", "filter", "filter", key_display="/", id="filter"),
    Binding("f", "faults", "faults", id="faults"),
    Binding("v", "verdict", "next verdict: only failing, only unknown …", show=False, id="verdict"),
    Binding("n", "check", "next check: only what runs and fails it", show=False, id="check"),
    *(Binding(view.key, f"view('{view.id}')", view.name, show=False, id=f"view.{view.id}") for view in VIEWS),
    Binding("w", "why", "why", id="why"),
    Binding("d", "section('overview')", "describe", show=False, id="describe"),
    Binding("y", "section('raw')", "YAML of a workload or pod, manifest of an image", show=False, id="raw"),
    Binding("u", "users", "what uses it", show=False, id="users"),
    Binding("b", "act('rebuild')", "rebuild", id="rebuild"),
    Binding("r", "act('redeploy')", "redeploy", id="redeploy"),
    Binding("B", "act_on_found('rebuild')", "rebuild all", id="rebuild.found"),
    Binding("K", "act('contain')", "contain: lock, roll back, scale to zero", show=False, id="contain"),
    Binding("L", "log", "log", id="log"),
    Binding("l", "log(True)", "log of a pod or workload; else unfold", show=False, id="log.here"),
    Binding("X", "cancel", "cancel what runs", show=False, id="cancel"),
    Binding("o", "other", "order", id="other"),
    Binding("left_square_bracket", "history(-1)", "where you were before", show=False, id="history.back"),
    Binding("right_square_bracket", "history(1)", "and forward again", show=False, id="history.forward"),
    Binding("minus", "last_place", "the last place, and back here", key_display="-", show=False, id="history.last"),
    Binding("tab", "tab(1)", "next section", show=False, id="detail.next"),
    Binding("shift+tab", "tab(-1)", "section before", show=False, id="detail.before"),
    Binding("z", "zoom", "zoom", id="zoom"),
    Binding("c", "copy_name", "copy name", show=False, id="copy.name"),
    Binding("C", "copy_reference", "copy the answer, finding or marks; else the reference", show=False, id="copy.reference"),
    Binding("x", "export", "the rows, into a file", show=False, id="export"),
    Binding("s", "sources", "sources", id="sources"),
    Binding("escape", "back", "back", show=False, id="back"),
    Binding("q", "leave", "quit", id="leave"),
]

PAGE: list[BindingType] = [
    Binding("escape,q", "leave", "back", id="page.back"),
]

_ROWS = ("filter", "faults", "verdict", "check", "last_place")


def _onward(binding: BindingType) -> Iterator[Binding]:
    """The same key where the detail has the whole screen, if it leads on from there."""
    if not isinstance(binding, Binding):
        return
    if binding.action in _ROWS:
        yield replace(binding, action=f"rows({binding.action!r})", show=False)
    elif binding.action.startswith(("act(", "act_on_found(", "view(", "history(")):
        yield binding


ONWARD: list[BindingType] = [onward for binding in EXPLORER for onward in _onward(binding)]
"""Keys of the explorer that lead on from a detail that has the whole screen."""


PAGES = (
    *("log.follow", "log.wrap", "log.search", "log.next", "log.before", "log.previous", "log.container", "log.pod"),
    *("log.container-before", "log.pod-before", "question.yes", "question.no", "quit.yes"),
    *("why.copy", "why.commands", "why.back", "plan.begin", "plan.copy", "plan.save", "plan.other", "waiting.cancel"),
)
"""The names of keys that only pages have, which are loaded when they are opened."""


def check_names(names: Iterable[str]) -> None:
    """Refuse a name of `[keymap]` that no key has. Raises InvalidConfig."""
    moving = (*MarkingTree.BINDINGS, *VirtualTree.BINDINGS, *TextPage.BINDINGS)
    bindings = (binding for binding in (*GLOBAL, *EXPLORER, *PAGE, *moving) if isinstance(binding, Binding))
    known = sorted({*(binding.id for binding in bindings if binding.id), *PAGES})
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        hint = did_you_mean(unknown, known)
        raise InvalidConfig(f"`{unknown}` under [keymap] is the name of no key.", f"{hint}The names are {', '.join(known)}.")

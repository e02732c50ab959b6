"""What the command palette offers; the short words are k9s's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from textual.app import App, SystemCommand
from textual.screen import Screen

from tui.presenters.views.table import VIEWS

__all__ = ["commands_of"]

COMMANDS = (
    *((view.name.lower(), view.help, f"view('{view.id}')") for view in VIEWS),
    ("filter", "narrow the tree by a query", "filter"),
    ("faults", "only what is not trusted, worst first", "faults"),
    ("sources", ":ctx :acr  every cluster and registry, what it answers and what it refuses", "sources"),
    ("copy reference", "the image's reference with its digest", "copy_reference"),
    ("rebuild", "plan a rebuild of what is selected", "act('rebuild')"),
    ("redeploy", "plan a restart or a pin of what is selected", "act('redeploy')"),
    ("contain", "plan a lock, a roll back and scaling to zero of what is selected", "act('contain')"),
    ("zoom", "one pane on the whole screen", "zoom"),
)
APP_COMMANDS = (
    ("read again", "ask every source now", "refresh_estate"),
    ("theme", "other colours", "change_theme"),
    ("help", "every key of this screen", "help"),
    ("quit", ":q", "quit"),
)


def commands_of(app: App[int], screen: Screen[object]) -> Iterable[SystemCommand]:
    """The commands that can run on this screen."""
    for title, help_text, action in COMMANDS:
        if hasattr(screen, f"action_{action.partition('(')[0]}"):
            yield SystemCommand(title, help_text, _call(screen, action))
    for title, help_text, action in APP_COMMANDS:
        yield SystemCommand(title, help_text, _call(app, action))


def _call(target: App[int] | Screen[object], action: str) -> Callable[[], object]:
    return partial(target.call_next, partial(target.run_action, action))

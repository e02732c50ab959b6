"""Why a key can do nothing now, and what to do instead: said when it is pressed, and beside the key in the help."""

from __future__ import annotations

from typing import TypeVar

from textual.binding import Binding
from textual.events import Key
from textual.screen import Screen

from tui.ui.screens.keys import key_of

__all__ = ["idle_keys", "reason_for", "say_why_not"]

_Result = TypeVar("_Result")
_UNREAD = "Nothing has been read yet. {sources} shows what each source answers."
_NO_ROW = "There is no row here. Another view or no filter may have some, and {sources} shows what each source answers."
_REASONS = {
    "copy_name": "This row has no name to copy. Choose an image, a workload or a tag.",
    "copy_reference": "This row has no reference to copy. Choose an image or a tag.",
    "history(-1)": "There is no place to go back to yet.",
    "history(1)": "There is no later place. {history.back} goes back first.",
    "last_place": "There is no other place to go to yet.",
    "open": _NO_ROW,
    "mark": _NO_ROW,
    "mark_range": _NO_ROW,
    "section": _NO_ROW,
    "users": _NO_ROW,
    "export": _NO_ROW,
    "faults": _UNREAD,
    "verdict": _UNREAD,
    "check": "No image is known to run yet. {sources} shows what each source answers.",
    "why": "This row has no verdict to explain. Choose an image, a workload or a finding.",
    "other": "The rows here have one order only. Findings ({view.findings}) and the tab Vulnerabilities have several.",
    "log": "Nothing here has a log. Choose a pod, a workload with pods, a run, or an image whose build is known.",
    "next": "Nothing is searched for yet. {log.search} asks for a text.",
    "container": "The pod has this container alone.",
    "pod": "The workload has this pod alone.",
    "cancel": "Only a run can be cancelled. Activity ({view.activity}) shows the runs.",
    "copy_commands": "No command shows these facts.",
    "zoom": _NO_ROW,
    "act": "Nothing here can be rebuilt, redeployed or contained. Choose an image, a base, a workload or a finding.",
    "act_on_found": "This works on all that a filter finds. {filter} filters, {faults} keeps what is not trusted.",
    "begin": "This plan cannot be carried out: no step is ready, or changes are not allowed (start with --write).",
}
"""By action, with its arguments where they matter; in braces the key of another binding."""


def reason_for(screen: Screen[_Result], binding: Binding) -> str:
    """Why a binding that is off can do nothing; empty where nothing is known of it."""
    name, _, argument = binding.action.partition("(")
    words = _REASONS.get(binding.action) or _REASONS.get(argument.strip("')") if name == "rows" else name, "")
    for active in screen.active_bindings.values() if "{" in words else ():
        other = active.binding
        words = words.replace(f"{{{other.id}}}", key_of(other))
    return words


def idle_keys(screen: Screen[_Result]) -> list[tuple[str, str]]:
    """The keys that can do nothing now, with the reason: those of one reason together."""
    keys: dict[str, list[str]] = {}
    for active in screen.active_bindings.values():
        if not active.enabled and (reason := reason_for(screen, active.binding)):
            keys.setdefault(reason, []).append(key_of(active.binding))
    return [(" ".join(dict.fromkeys(names)), reason) for reason, names in keys.items()]


def say_why_not(screen: Screen[_Result], event: Key) -> None:
    """Say why, when a key is pressed that is off now."""
    active = screen.active_bindings.get(event.key)
    if active is not None and active.enabled:
        return
    reason = reason_for(screen, active.binding) if active is not None else _of_the_rows(screen, event.key)
    if reason:
        screen.notify(reason, severity="warning", timeout=4, markup=False)


def _of_the_rows(screen: Screen[_Result], key: str) -> str:
    """That a key does something beneath this screen only; empty where it does nothing there either."""
    beneath = any(key in below.active_bindings for below in screen.app.screen_stack[:-1] if below is not screen)
    back = next((active.binding for active in screen.active_bindings.values() if active.binding.id == "page.back"), None)
    return f"This key works on the rows. {key_of(back).split()[0]} goes back to them." if beneath and back else ""

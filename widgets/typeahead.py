"""An app that can be typed at faster than it answers: no key goes to a widget that the key before it has just left."""

from __future__ import annotations

from collections import deque
from typing import TypeVar

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.driver import Driver
from textual.message import Message
from textual.widget import Widget

__all__ = ["TypeAheadApp"]

Result = TypeVar("Result")

CALM = 3
"""So often must the focus be found unchanged: what a key sets off goes through a few queues before the focus moves."""


class TypeAheadApp(App[Result]):
    """Hands out one key (or paste) at a time.

    Textual gives each key to the widget that has the focus when the key is read. What was read in one go, over a slow line
    or typed ahead, would then miss the prompt or the screen that the first of the keys opens.
    """

    class Passed(Message):
        """Follows a key through every queue that it goes through, and arrives where the key has been everywhere."""

        def __init__(self, through: DOMNode, calm: int) -> None:
            self.through = through
            self.calm = calm
            super().__init__()
            self.set_sender(through)

    def __init__(self, driver_class: type[Driver] | None = None, *, ansi_color: bool | None = None) -> None:
        super().__init__(driver_class, ansi_color=ansi_color)
        self._typed: deque[events.Key | events.Paste] = deque()
        self._passing: TypeAheadApp.Passed | None = None

    async def on_event(self, event: events.Event) -> None:
        """Let a key wait for those before it."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        self._typed.append(event)
        if self._passing is None or not self._passing.through.is_running:
            await self._hand_out()

    async def on_type_ahead_app_passed(self, passed: Passed) -> None:
        """Hand out the next key as soon as the focus is at rest."""
        if passed is not self._passing or not self.screen_stack:  # the last screen goes before the app does
            return
        calm = passed.calm + 1 if self._receiver is passed.through else 0
        if calm >= CALM or not self._typed:
            await self._hand_out()
        else:
            self._send_after(calm)

    @property
    def _receiver(self) -> DOMNode:
        return self.focused or self.screen

    async def _hand_out(self) -> None:
        self._passing = None
        while self._typed and self._passing is None:
            receiver, event = self._receiver, self._typed.popleft()
            await super().on_event(event)
            if not self._typed or not all(_is_written(key_event, receiver) for key_event in (event, self._typed[0])):
                self._send_after(0, receiver)

    def _send_after(self, calm: int, receiver: DOMNode | None = None) -> None:
        """Send a message after the key; a receiver that is closing takes none, and holds nothing up."""
        passing = self.Passed(receiver or self._receiver, calm)
        self._passing = passing if passing.through.post_message(passing) else None


def _is_written(event: events.Key | events.Paste, receiver: DOMNode) -> bool:
    """Whether it only becomes text, which moves no focus: what follows may follow at once."""
    if isinstance(event, events.Paste):
        return True
    return isinstance(receiver, Widget) and receiver.check_consume_key(event.key, event.character)

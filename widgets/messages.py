"""What the messages of our widgets have in common."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual.message import Message
from textual.widget import Widget

__all__ = ["FromWidget"]

Sender = TypeVar("Sender", bound=Widget)


class FromWidget(Message, Generic[Sender]):
    """Something happened in a widget, which handlers find as `control`."""

    def __init__(self, sender: Sender) -> None:
        self._control = sender
        super().__init__()

    @property
    def control(self) -> Sender:
        """The widget that it happened in."""
        return self._control

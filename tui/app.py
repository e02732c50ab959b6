"""The Textual application."""

from __future__ import annotations

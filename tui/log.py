"""The redacting log."""

from __future__ import annotations

"""Request budgets, back-off and Retry-After."""

from __future__ import annotations

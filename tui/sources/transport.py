"""One HTTP transport for every source but the clusters."""

from __future__ import annotations

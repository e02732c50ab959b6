"""Composition root: the only module that names concrete sources."""

from __future__ import annotations

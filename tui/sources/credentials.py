"""Credentials and the hosts they are for."""

from __future__ import annotations

"""What all tests share."""

from __future__ import annotations

import pytest

LONGEST_ID = 60


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name cases made of bytes or long texts by their argument and number: the workers must all collect the same names."""
    return argname if isinstance(val, bytes) or (isinstance(val, str) and len(val) > LONGEST_ID) else None

"""What every row of `trustree/report/v1` is made of."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

__all__ = ["Moment", "Number", "Row"]

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Number = Annotated[int, msgspec.Meta(ge=0)]


class Row(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A part of the report; every field is always there, but for the answer, which only a query has."""

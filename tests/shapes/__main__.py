"""`python -m tests.shapes`: make the shapes anew from the recordings and fixtures beside the repository."""

from __future__ import annotations

from tests.shapes.recorded import write_recordings
from tests.shapes.schemas import write_sarif
from tests.shapes.signed import write_signatures

write_recordings()
write_sarif()
write_signatures()

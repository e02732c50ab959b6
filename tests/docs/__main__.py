"""`python -m tests.docs`: write into the guide what is made from the code."""

from __future__ import annotations

from tests.docs.manual import PAGE, manual
from tests.docs.settings_table import GUIDE, with_tables

GUIDE.write_text(with_tables(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
PAGE.write_text(manual(), encoding="utf-8")

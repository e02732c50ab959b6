"""The JSON Schema of a report, as its structs make it: `python -m tests.reports.schema` writes it where it is shipped."""

from __future__ import annotations

import inspect

import msgspec

from tui.reports.wire import SCHEMA, SCHEMA_FILE, Report

__all__ = ["schema_text"]


def schema_text() -> str:
    """The schema, closed and in its usual form."""
    schema = msgspec.json.schema(Report)
    for part in schema["$defs"].values():
        if "description" in part:
            # Python takes the indentation out of docstrings since 3.13 only; the schema is the same under each.
            part["description"] = inspect.cleandoc(part["description"])
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA, "title": "trustree report"}
    return msgspec.json.format(msgspec.json.encode(head | schema), indent=1).decode() + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text())

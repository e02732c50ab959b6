"""Pure: snapshot to rows, sections and words."""

"""Pure: snapshot to rows, sections and words. Begin with `views.table` and `tabs.table`, then `detail`."""

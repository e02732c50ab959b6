"""The living state: one writer, supervised sources, frozen snapshots."""

"""The living state: one writer, supervised sources, frozen snapshots. Begin with `estate`, then `pump` and `store`."""

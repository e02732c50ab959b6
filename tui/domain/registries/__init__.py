"""What registries hold: contents, presence, and the join of digests. Begin with `catalog`."""

"""From facts to a snapshot, round after round, doing no work twice. Begin with `assemble`."""

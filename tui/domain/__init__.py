"""The pure core: facts, join, lineage, trust, queries. No I/O, no clock. Begin with `facts.events`, then `assemble.assemble`."""

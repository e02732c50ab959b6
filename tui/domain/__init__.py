"""The pure core: facts, join, lineage, trust, queries. No I/O, no clock."""

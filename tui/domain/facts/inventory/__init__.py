"""Tables of facts with one writer. Begin with `inventory`."""

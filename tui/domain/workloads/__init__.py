"""What runs: owners, drift, why pods do not start, and how everything is counted. Begin with `join` and `counting`."""

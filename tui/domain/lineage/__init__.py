"""What images stand on: layers, claims, evidence, and whether a base is the newest. Begin with `graph`, then `genealogy`."""

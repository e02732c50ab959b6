"""Why something has its verdict: the shortest chain of facts, and the commands that show the same. Begin with `chain`."""

"""What everything downstream reads: the frozen estate, and the difference of two. Begin with `snapshot`."""

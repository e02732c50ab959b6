"""What is vulnerable in the estate, and how each scanner tells it. Begin with `catalogue`."""

"""Which jobs of builders build an image, and what says so. Begin with `attribution`."""

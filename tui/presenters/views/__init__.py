"""The views over one estate, one module a view. Begin with `building`."""

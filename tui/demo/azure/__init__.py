"""Azure Resource Manager, as far as it is asked: queries over resources. Begin with `arm`."""

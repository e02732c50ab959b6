"""Entra ID, Azure Resource Manager and Resource Graph. Begin with `credentials` and `arm`."""

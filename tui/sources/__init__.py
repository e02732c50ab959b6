"""Adapters, one outside system a folder: wire payload to domain event. Begin with `ports`, then `registry.source`."""

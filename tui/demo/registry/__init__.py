"""Azure Container Registry with its own lists and sign-in, and plain distribution registries. Begin with `distribution`."""

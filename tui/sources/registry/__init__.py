"""Azure Container Registry and every other OCI registry."""

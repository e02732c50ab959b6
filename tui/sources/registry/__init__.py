"""Azure Container Registry and every other OCI registry. Begin with `source`, then `queue`, `reading` and `client`."""

"""cosign's signatures, as strict as cosign. Begin with `simple` (a key) and `bundle` (Sigstore bundles)."""

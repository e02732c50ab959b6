"""cosign signatures: public keys, simple signing and bundles, Rekor entry timestamps; keyless by an optional extra."""

"""A signer of the demo's own, written from the specifications: certificates, envelopes, time stamps, cosign signatures."""

"""A signer of its own, written from the specifications: certificates, envelopes, time stamps. Begin with `signers`."""

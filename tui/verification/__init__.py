"""Whether a signature holds: bytes, policy, stores, clock and revocation data in, an outcome out; no input or output of its own.

Begin with `notation.judge` and `cosign.simple`."""

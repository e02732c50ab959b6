"""Certificates, revocation lists and responses as Go reads them. Begin with `der`, then `certificate`."""

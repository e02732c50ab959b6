"""X.509 as Go reads it: certificates, revocation lists and OCSP responses, taken apart byte by byte.

notation and cosign stand on `crypto/x509` and `encoding/asn1` of Go. What these refuse is refused here, what they take is taken,
so that a certificate is never worth more, or less, here than there. Begin with `certificate.py`.
"""

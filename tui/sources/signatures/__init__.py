"""Signatures: pure verifiers of the Notary Project's and cosign's, and the reader of revocation data.

Nothing is imported here: the modules below bring `cryptography` with them, and nobody needs that before a signature is looked at.
"""

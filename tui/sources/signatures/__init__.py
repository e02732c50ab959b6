"""Notary Project and cosign verification."""

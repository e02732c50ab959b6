"""Signatures as a source: fetches what is attached and what is trusted, and lets `tui.verification` judge it.

Nothing is imported here: the modules below bring `cryptography` with them, and nobody needs that before a signature is looked at.
Begin with `source`, then `assessing`.
"""

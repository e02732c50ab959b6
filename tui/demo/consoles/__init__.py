"""Consoles of vulnerability scanners: sign-in with a password, a token, pages of results."""

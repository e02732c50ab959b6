"""Vulnerability scanners and admission gates."""

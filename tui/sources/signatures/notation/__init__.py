"""Notary Project signatures: parse once, judge as often as clock and policy change."""

"""Policies that ship with the program, as TOML."""

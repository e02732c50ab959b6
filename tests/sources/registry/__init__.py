"""Tests of the registry source."""

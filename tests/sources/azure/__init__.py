"""Tests of the Azure adapters."""

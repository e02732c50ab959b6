"""Tests of the signature verifiers."""

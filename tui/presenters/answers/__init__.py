"""Answers in sentences, one module a kind; begin with `lines`."""

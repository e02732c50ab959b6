"""Textual widgets that know rows and keys, and nothing of Kubernetes."""

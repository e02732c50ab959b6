"""Textual widgets that know rows and keys, and nothing of Kubernetes. Begin with `rows`, then `tree`."""

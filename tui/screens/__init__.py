"""Mediators between widgets, presenters and the estate."""

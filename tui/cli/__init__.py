"""The command line: one module a command, what may be typed, and where words go. Begin with `main`."""

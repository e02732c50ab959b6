"""The screens: they mediate, parse nothing and read nothing from outside. Begin with `explorer`."""

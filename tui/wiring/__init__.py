"""The composition root: the only room that names concrete sources. Begin with `parts`; `opening` is the way into the estate."""

"""The query language, and the findings that it asks for. Begin with `language`."""

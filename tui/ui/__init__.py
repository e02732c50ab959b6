"""The explorer: the Textual application, its keys, palette and screens. Begin with `app`."""

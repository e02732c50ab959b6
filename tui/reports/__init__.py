"""The second front end: the same core without a terminal."""

"""What real services and verifiers were seen to answer, as facts without content: paths, status, header names, members, types.

`python -m tests.shapes` makes the files here from the recordings and fixtures beside the repository. Tests fill shapes with
values that they generate, so that they run on every clone; where the recordings lie, they run on those as well.
"""

"""The views over one estate: one module a view makes its rows, and `table` names them.

Begin with `spec`; `building` narrows a snapshot by a filter and lays a view out.
"""

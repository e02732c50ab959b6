"""The tabs of the detail of a row: one module a tab draws its lines, and `table` names them. Begin with `spec`."""

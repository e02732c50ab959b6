"""The tabs of the detail of a row, one module a tab. Begin with `overview`."""

"""What a question means for the estate: one value for the band above the rows, reports and copies. Begin with `table`."""

"""What a question means for the estate: one value that the band above the rows, reports and copies are made from."""

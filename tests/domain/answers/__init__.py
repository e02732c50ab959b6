"""What a question means for the estate."""

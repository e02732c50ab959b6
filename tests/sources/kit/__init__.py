"""What every source needs once."""

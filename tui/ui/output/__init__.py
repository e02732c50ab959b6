"""What goes to the terminal: only cells that changed, with as few codes as the picture allows; begin with `driver`."""

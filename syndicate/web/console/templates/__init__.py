"""Templates in the console."""

"""Articles in the console."""

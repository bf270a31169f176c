"""The mail itself: what its readers and their mail programs will make of it."""

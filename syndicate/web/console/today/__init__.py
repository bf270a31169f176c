"""The console's first page: what was done, what is due, what needs a person."""

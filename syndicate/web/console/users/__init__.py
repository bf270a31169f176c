"""The console's users, and tokens of programs."""

"""The console's part for those who keep the service running: what it does with others, and who did what in it."""

"""What comes back by mail: readers' commands, and what is not for us."""

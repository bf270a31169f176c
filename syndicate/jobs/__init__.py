"""What can be run, by hand or by the clock."""

"""Which slot is due, which articles it carries and for whom."""

"""Requests to addresses that others named: where they may go, and what they may cost."""

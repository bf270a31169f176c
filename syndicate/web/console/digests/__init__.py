"""Digests in the console."""

"""Signing in and out, set-up links, and proofs of who somebody is."""

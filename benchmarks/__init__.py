"""Measures the service beside what else could do its work. Run by `make bench`; see README.md in this folder."""

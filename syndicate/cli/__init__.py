"""The ``syndicate`` command: one module per group of commands."""

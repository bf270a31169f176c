"""Lets ``python -m syndicate`` do what the ``syndicate`` command does."""

from syndicate.cli.main import main

main()

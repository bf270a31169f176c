"""The console's part for ``syndicate.toml``: newsletters, sources, the site, previous versions."""

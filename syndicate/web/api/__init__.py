"""``/api/v1``: what programs may read and do, with a token. One module per noun; ``api`` puts them together."""

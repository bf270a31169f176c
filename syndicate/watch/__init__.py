"""How the service is, for machines that watch it."""

"""The console at ``/console``: pages for those who run the service."""

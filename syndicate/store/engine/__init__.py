"""The database: how it is connected to, asked and written fast. All that knows in what SQLite and PostgreSQL differ."""

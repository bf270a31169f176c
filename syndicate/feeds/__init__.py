"""What is published: feeds as files that any web server can serve."""

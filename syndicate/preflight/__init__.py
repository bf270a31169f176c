"""What may be wrong with a digest, and with how it will arrive, told before it goes out."""

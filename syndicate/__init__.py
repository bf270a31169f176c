"""A self-hosted newsletter and feed service: articles in, feeds and delivered digests out."""

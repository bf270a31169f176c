"""What files of subscribers look like: this service's own, and the exports of others, told by their first line."""

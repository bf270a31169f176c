"""Telling who follows a feed that it changed, through hubs of others and one of its own (WebSub, W3C 2018)."""

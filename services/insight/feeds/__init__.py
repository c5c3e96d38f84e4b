"""Feeds: how far the other services' event logs have been read; rebuilds from their beginning."""

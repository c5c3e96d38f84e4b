"""Briefs: all that somebody should know before a call, composed from three services."""

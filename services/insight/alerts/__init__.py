"""Alerts: whom to call, and why. Rules raise them, and they resolve when their condition ends."""

"""Turns HTTP requests into message bytes and message bytes into JSON; knows no connection."""

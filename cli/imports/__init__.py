"""Imports of files: rows to requests, batches to the gateway, refused rows to a file."""

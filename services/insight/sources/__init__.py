"""What insight keeps of other services' records: all that facts are computed from."""

"""Who is at the door: API keys, and the internal token that speaks for their holder."""

"""What becomes of a request before anyone works on it: how much it may hold, and what its text may
be. The middleware runs it; nothing here knows a call."""

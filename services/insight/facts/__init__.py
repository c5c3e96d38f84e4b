"""Facts: what is known and computed about each customer, one row each."""

"""What follows from customers and sales: facts, segments, predictions, rules and alerts."""

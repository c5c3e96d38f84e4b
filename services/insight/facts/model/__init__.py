"""What the records of a customer say, on one business day: columns in, columns out."""

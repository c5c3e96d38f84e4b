"""Predictions: when a customer is likely to order next."""

"""Segments: customers by recency, frequency and monetary value, with stored cut points."""

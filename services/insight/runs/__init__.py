"""Runs: work over all customers, kept in the database until it is done, and watched."""

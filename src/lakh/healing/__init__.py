"""Reconcilers: each re-reads the world and mends one thing, on a timer and on a signal without data."""

"""Scenarios that measure, and their reports."""

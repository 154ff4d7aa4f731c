"""The lakh command."""

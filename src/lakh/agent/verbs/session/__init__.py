"""Connecting, staying connected, leaving (agent-protocol 3)."""

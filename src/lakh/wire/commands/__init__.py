"""Builders of every command a management server sends: typed parameters in, Message out (agent-protocol 3, 4)."""

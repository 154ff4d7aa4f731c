"""Pools, volumes, templates, volume snapshots (agent-protocol 4.4 to 4.6)."""

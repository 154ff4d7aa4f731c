"""The life of virtual machines (agent-protocol 4.2, 4.3, 4.5)."""

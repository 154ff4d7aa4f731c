"""What a host itself does for networks (agent-protocol 4.8)."""

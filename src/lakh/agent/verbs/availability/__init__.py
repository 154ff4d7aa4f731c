"""Health, investigation, fencing (agent-protocol 4.9)."""

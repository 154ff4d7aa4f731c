"""Figures of hosts and VMs (agent-protocol 4.7)."""

"""Commands that the host passes on to virtual routers (agent-protocol 4.8, addendum 2)."""

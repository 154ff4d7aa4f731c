"""Transfer objects: what commands and answers carry in their fields (agent-protocol 4.1)."""

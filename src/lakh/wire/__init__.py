"""What agents and servers say, byte by byte; no sockets here. Facts: the agent protocol reference."""

"""What the public API is: declarations, parameter types, answer forms. Pure: no sockets, no store."""

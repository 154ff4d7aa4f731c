"""The agents' edge: TLS accept, sessions, pings, calls, back-pressure."""

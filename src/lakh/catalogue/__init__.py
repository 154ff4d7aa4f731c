"""What a fresh installation holds, as data: settings, guest OS types, offerings, roles, state machines, type numbers.

The facts are CloudStack's (names, numbers, defaults); the files under `data/` and every sentence are Lakh's own. Each
file is read on first use and kept; a process that asks for one state machine never parses the settings.
"""

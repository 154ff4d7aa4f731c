"""The edge to the agents: TLS accept, session table, ping wheel, calls and answers, back-pressure.

A gateway is a process of its own (`python -m lakh.gateway`); as many run as open files allow (`capacity.py`). It knows
sessions and bytes, never what a command means, and keeps its agents when a control process dies.
"""

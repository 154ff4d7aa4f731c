"""Wiring: builds everything from configuration and starts the processes; knows everything, decides nothing."""

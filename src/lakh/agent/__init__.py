"""Runs on a host: one verb a file over a hypervisor."""

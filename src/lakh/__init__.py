"""Lakh: a cloud control plane that speaks CloudStack's API and agent protocol, built for 100,000 hosts."""

__version__ = "0.1.0"

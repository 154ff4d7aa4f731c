"""All commands the edge can answer: those of `resources`, and log-in and log-out, which belong to the edge."""

from __future__ import annotations

from lakh.http import login, logout
from lakh.resources.loading import load_resources

AUTHENTICATION = (login.Login, logout.Logout)


def load() -> None:
    """Declares every command; call once before serving."""
    load_resources()

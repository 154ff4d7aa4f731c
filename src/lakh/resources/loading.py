"""Finds what is declared: importing every module of `resources` fills COMMANDS, FLOWS, TABLES and STATEMENTS.

Adding a command is adding its file; there is no list to edit.
"""

from __future__ import annotations

import importlib
import pkgutil

import lakh.resources

_done = False


def load_resources() -> None:
    """Imports all of `lakh.resources`; the second call does nothing."""
    global _done
    if _done:
        return
    for found in pkgutil.walk_packages(lakh.resources.__path__, "lakh.resources."):
        importlib.import_module(found.name)
    _done = True

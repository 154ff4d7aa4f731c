"""Every command an agent answers, one verb a file; importing this package fills the dispatch table."""

from __future__ import annotations

import importlib
import pkgutil


def load() -> None:
    """Imports every verb. Done once by whoever builds agents."""
    for module in pkgutil.walk_packages(__path__, __name__ + "."):
        importlib.import_module(module.name)

"""What a domain, and the DNS suffix of its networks, may be called."""

from __future__ import annotations

import re

from lakh.base.errors import ParameterError

_suffix = re.compile(r"(?=.{1,190}$)(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*").fullmatch


def check_name(parameter: str, name: str) -> None:
    """Raises ParameterError for a name that could not stand in a path of names."""
    if not name.strip() or "/" in name:
        raise ParameterError(f"Invalid parameter {parameter} {name!r}: give a name without slashes")


def check_network_domain(name: str | None) -> None:
    """Raises ParameterError for what is no DNS name."""
    if name and not _suffix(name):
        raise ParameterError(
            f"Invalid network domain {name!r}: up to 190 letters, digits, hyphens and dots, each label beginning and"
            " ending with a letter or digit"
        )

"""What a disk of an offering may be: checks shared by disk offerings and the disks of service offerings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lakh.base.errors import ParameterError

STORAGE_TYPES: Final = ("shared", "local")
PROVISIONING_TYPES: Final = ("thin", "sparse", "fat")
CACHE_MODES: Final = ("none", "writeback", "writethrough", "hypervisor_default")


def chosen(parameter: str, given: str | None, words: tuple[str, ...]) -> str:
    """The word given in any case, the first of `words` by default. Raises ParameterError that lists them."""
    if not given:
        return words[0]
    if given.lower() not in words:
        raise ParameterError(f"Invalid parameter {parameter} {given}: give {', '.join(words)}")
    return given.lower()


def check_iops(minimum: int | None, maximum: int | None, *, custom: bool) -> None:
    """Raises ParameterError for IOPS that do not go together."""
    if custom:
        if minimum is not None or maximum is not None:
            raise ParameterError("miniops and maxiops belong to offerings without customizediops")
        return
    if (minimum is None) != (maximum is None):
        raise ParameterError("Either both miniops and maxiops must be given, or neither")
    if minimum is not None and maximum is not None:
        if minimum < 0 or maximum < 0:
            raise ParameterError("miniops and maxiops must not be negative")
        if minimum > maximum:
            raise ParameterError("miniops must not be greater than maxiops")


def rates(given: Mapping[str, int | None]) -> dict[str, int]:
    """The rates that are given. Raises ParameterError for negative ones."""
    for name, value in given.items():
        if value is not None and value < 0:
            raise ParameterError(f"Invalid parameter {name} {value}: rates must not be negative")
    return {name: value for name, value in given.items() if value}


def tags(given: str | None) -> str | None:
    """Comma-separated tags, cleaned; None for none."""
    cleaned = [tag.strip() for tag in (given or "").split(",") if tag.strip()]
    return ",".join(cleaned) or None

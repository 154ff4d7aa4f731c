"""Guest OS categories and types with CloudStack's ids, and the names hypervisors know them by."""

from __future__ import annotations

from functools import cache

import msgspec

from lakh.catalogue import files


class OsCategory(msgspec.Struct, frozen=True):
    """A category; lists are ordered by `sortkey`."""

    id: int
    name: str
    featured: bool
    sortkey: int


class OsType(msgspec.Struct, frozen=True, array_like=True):
    """A guest OS type. Names are not unique. `hidden` ones are only shown when asked for (`fordisplay`)."""

    id: int
    name: str
    category: str
    hidden: bool = False


class OsMapping(msgspec.Struct, frozen=True, array_like=True):
    """What a hypervisor calls an OS type of that name."""

    ostype: str
    osname: str
    hypervisor: str = "KVM"
    version: str = "default"


@cache
def os_categories() -> tuple[OsCategory, ...]:
    """Categories by id."""
    return files.records("os_categories.jsonl", OsCategory)


@cache
def os_types() -> tuple[OsType, ...]:
    """Types by id."""
    return files.records("os_types.jsonl", OsType)


@cache
def os_mappings() -> tuple[OsMapping, ...]:
    """The hypervisors' names of OS types."""
    return files.records("os_mappings.jsonl", OsMapping)

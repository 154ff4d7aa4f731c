"""The numbered and named kinds of things: limited resources, events, alerts, capacities, usage records.

Alert ids are not unique: CloudStack gave some twice. The name tells which is meant.
"""

from __future__ import annotations

from functools import cache

import msgspec

from lakh.catalogue import files


class ResourceType(msgspec.Struct, frozen=True, array_like=True):
    """A kind of resource that accounts, domains and projects are limited in, with default limits and settings.

    `memory` counts MB, the storage kinds GB, the others pieces. Projects cannot own projects: no limit there.
    """

    type: int
    name: str
    account: int
    domain: int
    project: int | None
    account_setting: str
    domain_setting: str
    project_setting: str


class AlertType(msgspec.Struct, frozen=True, array_like=True):
    """An alert type; `repeatable` ones are raised again while an earlier one stands. `short` names it in code."""

    id: int
    name: str
    short: str
    repeatable: bool = False


class NumberedType(msgspec.Struct, frozen=True, array_like=True):
    """A capacity or usage type."""

    id: int
    name: str


@cache
def resource_types() -> tuple[ResourceType, ...]:
    """The limited resources by number."""
    return files.records("resource_types.jsonl", ResourceType)


@cache
def event_types() -> tuple[str, ...]:
    """Every event type, such as VM.CREATE."""
    return files.words("event_types.txt")


@cache
def alert_types() -> tuple[AlertType, ...]:
    """Every alert type, in CloudStack's order."""
    return files.records("alert_types.jsonl", AlertType)


@cache
def capacity_types() -> tuple[NumberedType, ...]:
    """Every capacity type by id."""
    return files.records("capacity_types.jsonl", NumberedType)


@cache
def usage_types() -> tuple[NumberedType, ...]:
    """Every usage type by id."""
    return files.records("usage_types.jsonl", NumberedType)

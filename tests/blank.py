"""A row with nothing in it but what a test says: ids dealt, texts empty, numbers zero."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from lakh.jobs.cloud import Cloud
from lakh.store.table import Row

R = TypeVar("R", bound=Row)

_EMPTY: dict[str, Any] = {"TEXT": "", "BIGINT": 0, "BOOLEAN": False, "DOUBLE PRECISION": 0.0}


def blank(cloud: Cloud, row: type[R], **given: Any) -> R:
    """`row` with `given` columns; `id`, `uuid` and `created_ms` are made, `*_json` is an empty object."""
    values: dict[str, Any] = {}
    for column in row.TABLE.columns:
        if column.name in given:
            values[column.name] = given[column.name]
        elif column.name == "id":
            values["id"] = cloud.id(row.TABLE.name)
        elif column.name == "uuid":
            values["uuid"] = cloud.uuid()
        elif column.name == "created_ms":
            values["created_ms"] = cloud.now_ms()
        elif column.default is not msgspec.NODEFAULT:
            values[column.name] = column.default
        elif column.nullable:
            values[column.name] = None
        else:
            values[column.name] = "{}" if column.name.endswith("_json") else _EMPTY[column.sql_type]
    if unknown := given.keys() - values.keys():
        raise TypeError(f"{row.__name__} has no column {sorted(unknown)}")
    return row(**values)

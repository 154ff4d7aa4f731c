"""Parameter kinds and the annotations that stand for them in a declaration.

    zoneid: Id = param("the zone", entity="zone", required=True)
    name: str | None = param("host name of the VM")
    startvm: bool = param("start it at once", default=True)
    tags: Pairs = param("tags to filter by")

Kinds and their leniency: api-conventions, section 8.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated


class Kind(Enum):
    """A parameter's type; the value is listApis' word for it."""

    STRING = "string"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    LONG = "long"
    SHORT = "short"
    FLOAT = "float"
    DOUBLE = "double"
    UUID = "uuid"
    DATE = "date"
    LIST = "list"
    MAP = "map"


Id = Annotated[int, Kind.UUID]
"""A public uuid in the request, the row's id in the command. -1 passes through."""
UuidText = Annotated[str, Kind.UUID]
"""A public uuid that stays text in the command, which looks it up itself."""
Ids = Annotated[list[int], Kind.LIST, Kind.UUID]
Long = Annotated[int, Kind.LONG]
Short = Annotated[int, Kind.SHORT]
Double = Annotated[float, Kind.DOUBLE]
Date = Annotated[int, Kind.DATE]
"""Milliseconds since the epoch in the command."""
Strings = Annotated[list[str], Kind.LIST, Kind.STRING]
Longs = Annotated[list[int], Kind.LIST, Kind.LONG]
Pairs = Annotated[list[dict[str, str]], Kind.MAP]
"""`name[i].field=value`: one dict per index, in index order."""
Details = Annotated[dict[str, str], Kind.MAP]
"""`name[i].key=value` with free keys: all indices merged into one dict."""

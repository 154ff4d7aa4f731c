"""Networks by id, from memory."""

from __future__ import annotations

from lakh.resources.cached_rows import CachedRows
from lakh.resources.network.row import NetworkRow


class Networks(CachedRows[NetworkRow]):
    """A part of the cloud: `await cloud.part(Networks).many(ids)`."""

    ROW = NetworkRow

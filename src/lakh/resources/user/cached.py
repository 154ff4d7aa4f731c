"""Users by id, for names and uuids in answers."""

from __future__ import annotations

from lakh.resources.cached_rows import CachedRows
from lakh.resources.user.row import UserRow


class Users(CachedRows[UserRow]):
    """A part of the cloud."""

    ROW = UserRow

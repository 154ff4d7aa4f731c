"""Accounts by id, for names and uuids in answers."""

from __future__ import annotations

from lakh.resources.account.row import AccountRow
from lakh.resources.cached_rows import CachedRows


class Accounts(CachedRows[AccountRow]):
    """A part of the cloud."""

    ROW = AccountRow

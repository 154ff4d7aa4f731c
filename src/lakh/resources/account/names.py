"""Names of accounts, their domains and users for answers, read through a bounded cache."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cachetools import LRUCache

from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import AccountRow
from lakh.resources.domain.row import INSERT as INSERT_DOMAIN
from lakh.resources.domain.row import DomainRow
from lakh.resources.user.row import UserRow
from lakh.store.changes import dropped
from lakh.store.statement import Step, select

ACCOUNTS = select("account.by_ids", AccountRow, "WHERE id = ANY($1)")
USERS = select("user.by_ids", UserRow, "WHERE id = ANY($1)")
CACHED = 20_000


class AccountName(NamedTuple):
    """What answers say of an owner."""

    uuid: str
    name: str
    type: int
    domain_id: int
    domain_uuid: str
    domain_name: str
    domain_path: str


class UserName(NamedTuple):
    """What answers say of a user."""

    uuid: str
    name: str


class AccountNames:
    """A part of the cloud. `await know(...)` first, then ask synchronously. Emptied when its tables change."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._accounts: LRUCache[int, AccountName] = LRUCache(CACHED)
        self._users: LRUCache[int, UserName] = LRUCache(CACHED)
        cloud.store.follow("account", lambda steps: dropped(self._accounts, steps))
        cloud.store.follow("users", lambda steps: dropped(self._users, steps))
        cloud.store.follow("domain", self._domains_changed)

    def _domains_changed(self, steps: Sequence[Step]) -> None:
        """A domain's name is in those of all accounts below; one that is new has none."""
        if any(step.statement is not INSERT_DOMAIN for step in steps):
            self._accounts.clear()

    async def know(self, account_ids: set[int], user_ids: set[int]) -> None:
        """Loads what is not known of them."""
        if missing := sorted(i for i in account_ids if i not in self._accounts):
            domains = await self._cloud.snapshots.of(DomainRow)
            for row in await self._cloud.store.rows(ACCOUNTS, missing):
                domain = domains.by_id[row.domain_id]
                names = [domains.by_id[int(part)].name for part in domain.path.strip("/").split("/")]
                self._accounts[row.id] = AccountName(
                    row.uuid, row.name, row.type, domain.id, domain.uuid, domain.name, "/".join(names)
                )
        if missing := sorted(i for i in user_ids if i not in self._users):
            for user in await self._cloud.store.rows(USERS, missing):
                self._users[user.id] = UserName(user.uuid, user.username)

    def account(self, account_id: int) -> AccountName:
        """Raises KeyError for one that was not made known."""
        return self._accounts[account_id]

    def user(self, user_id: int) -> UserName:
        return self._users[user_id]

"""Who signed a request: API keys with their user and account, and the checks in CloudStack's order (conventions, 2).

An identity is read once and kept until a commit changes keys, users, accounts or domains that were there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cachetools import LRUCache

from lakh.base import limits
from lakh.base.errors import UnauthorizedError
from lakh.contract.signature import Pair, expired, verify
from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import BY_ID as ACCOUNT_BY_ID
from lakh.resources.account.row import AccountRow
from lakh.resources.command import Caller
from lakh.resources.domain.row import DomainRow
from lakh.resources.user.row import BY_ID as USER_BY_ID
from lakh.resources.user.row import KEY, ApiKeyRow, UserRow
from lakh.store.statement import Step

ENABLED = "enabled"
_TABLES = ("api_key", "users", "account", "domain")


@dataclass(frozen=True, slots=True)
class Identity:
    """A user that may call: `enabled` is False while the user or its account is not."""

    caller: Caller
    user: UserRow
    account: AccountRow
    enabled: bool


@dataclass(frozen=True, slots=True)
class _Key:
    identity: Identity
    secret: bytes
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Credentials:
    """What of a request concerns its signature. `pairs` are all parameters but the signature."""

    api_key: str
    signature: str
    version: str | None
    expires: str | None
    pairs: list[Pair]


def credentials(pairs: Iterable[Pair]) -> Credentials | None:
    """Picks the credentials out of a request's parameters; None when key or signature is missing."""
    fields: dict[str, str] = {}
    signed: list[Pair] = []
    for pair in pairs:
        name = pair[0]
        # Only names of these lengths can be one of the four; most parameters are sorted out by that alone.
        if len(name) in _LENGTHS and (lowered := name.lower()) in _NAMES:
            fields[lowered] = pair[1]
            if lowered == "signature":
                continue
        signed.append(pair)
    api_key, signature = fields.get("apikey"), fields.get("signature")
    if not api_key or not signature:
        return None
    return Credentials(api_key, signature, fields.get("signatureversion"), fields.get("expires"), signed)


_NAMES = frozenset({"signature", "apikey", "signatureversion", "expires"})
_LENGTHS = frozenset(len(name) for name in _NAMES)


class Identities:
    """Identities by API key and by user; a part of the cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._keys: LRUCache[str, _Key] = LRUCache(limits.IDENTITIES)
        self._users: LRUCache[int, Identity] = LRUCache(limits.IDENTITIES)
        self._version = 0
        self.hits = 0
        self.loads = 0
        for table in _TABLES:
            cloud.store.follow(table, self._changed)

    def _changed(self, steps: Sequence[Step]) -> None:
        if any(not step.statement.insert_columns for step in steps):  # who is new was nobody before
            self._version += 1
            self._keys.clear()
            self._users.clear()

    async def of_user(self, user_id: int) -> Identity | None:
        """The identity of a user that still exists."""
        found = self._users.get(user_id)
        if found is not None:
            self.hits += 1
            return found
        version = self._version
        found = await self._load_user(user_id)
        if found is not None and version == self._version:
            self._users[user_id] = found
        return found

    async def _load_user(self, user_id: int) -> Identity | None:
        store = self._cloud.store
        self.loads += 1
        users = await store.rows(USER_BY_ID, user_id)
        if not users or users[0].removed_ms is not None:
            return None
        accounts = await store.rows(ACCOUNT_BY_ID, users[0].account_id)
        if not accounts or accounts[0].removed_ms is not None:
            return None
        user, account = users[0], accounts[0]
        domain = (await self._cloud.snapshots.of(DomainRow)).by_id[account.domain_id]
        caller = Caller(
            user.id, account.id, account.domain_id, account.type, account.role_id, account.name, domain.path
        )
        return Identity(caller, user, account, user.state == ENABLED and account.state == ENABLED)

    async def _of_key(self, api_key: str) -> _Key | None:
        found = self._keys.get(api_key)
        if found is not None:
            self.hits += 1
            return found
        version = self._version
        rows: list[ApiKeyRow] = await self._cloud.store.rows(KEY, api_key)
        if not rows or (identity := await self.of_user(rows[0].user_id)) is None:
            return None
        row = rows[0]
        found = _Key(identity, row.secret_key.encode(), row.start_ms or 0, row.end_ms or 1 << 62)
        if version == self._version:
            self._keys[api_key] = found
        return found

    async def signed(self, given: Credentials) -> tuple[Caller, _Key]:
        """The first half of the checks: expiry, key, user and account. Raises UnauthorizedError."""
        if expired(given.version, given.expires, self._cloud.now_ms()):
            raise UnauthorizedError
        key = await self._of_key(given.api_key)
        if key is None or not key.identity.enabled:
            raise UnauthorizedError
        return key.identity.caller, key

    def check(self, given: Credentials, key: _Key) -> None:
        """The second half, after the role check: validity dates of the pair, then the signature."""
        if not key.start_ms <= self._cloud.now_ms() < key.end_ms or not verify(
            given.pairs, given.signature, key.secret
        ):
            raise UnauthorizedError

"""The rows of a fresh installation that everything else hangs on: ROOT, the system and admin accounts, their users,
and what the catalogue says."""

from __future__ import annotations

from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import ADMIN, ADMIN_ACCOUNT, SYSTEM_ACCOUNT, AccountRow
from lakh.resources.account.row import INSERT as INSERT_ACCOUNT
from lakh.resources.domain.row import INSERT as INSERT_DOMAIN
from lakh.resources.domain.row import ROOT_DOMAIN, DomainRow
from lakh.resources.first_rows import first_rows
from lakh.resources.limit.row import ACCOUNT, DOMAIN, INSERT_COUNT, ResourceCountRow
from lakh.resources.user.row import ADMIN_USER, INSERT, SYSTEM_USER, UserRow
from lakh.store.statement import TxnSpec, select
from lakh.store.store import DuplicateError, Store

ROOT_ADMIN_ROLE = 1
SEQUENCES = ("domain", "account", "users")
"""Tables whose first ids are fixed: the ids up to 2 must never be dealt."""

_ANY_DOMAIN = select("domain.first", DomainRow, "WHERE id = $1")


async def is_seeded(store: Store) -> bool:
    """True when the store holds an installation."""
    return bool(await store.rows(_ANY_DOMAIN, ROOT_DOMAIN))


async def seed(cloud: Cloud, admin_password: str) -> bool:
    """Writes the first rows; False when they are there already. `admin_password` is a text of `hash_password`.

    The row ids of SEQUENCES must be dealt by `cloud` already: the fixed ones are skipped here.
    """
    if await is_seeded(cloud.store):
        return False
    for name in SEQUENCES:
        while cloud.id(name) < ADMIN_ACCOUNT:
            pass
    now_ms = cloud.now_ms()
    txn = TxnSpec("seed")
    root = DomainRow(
        id=ROOT_DOMAIN,
        uuid=cloud.uuid(),
        name="ROOT",
        parent_id=None,
        path=f"/{ROOT_DOMAIN}/",
        level=0,
        network_domain=None,
        state="Active",
        created_ms=now_ms,
    )
    txn.put(INSERT_DOMAIN, root)
    txn.put(INSERT_COUNT, ResourceCountRow(owner_kind=DOMAIN, owner_id=ROOT_DOMAIN))
    for account_id, user_id, name in ((SYSTEM_ACCOUNT, SYSTEM_USER, "system"), (ADMIN_ACCOUNT, ADMIN_USER, "admin")):
        account = AccountRow(
            id=account_id,
            uuid=cloud.uuid(),
            name=name,
            type=ADMIN,
            role_id=ROOT_ADMIN_ROLE,
            domain_id=ROOT_DOMAIN,
            state="enabled",
            network_domain=None,
            default_zone_id=None,
            details_json="{}",
            created_ms=now_ms,
        )
        user = UserRow(
            id=user_id,
            uuid=cloud.uuid(),
            username=name,
            password=admin_password if user_id == ADMIN_USER else "!",
            account_id=account_id,
            domain_id=ROOT_DOMAIN,
            firstname=name,
            lastname="cloud",
            email="",
            timezone=None,
            state="enabled",
            login_attempts=0,
            source="native",
            created_ms=now_ms,
        )
        txn.put(INSERT_ACCOUNT, account).put(INSERT, user)
        txn.put(INSERT_COUNT, ResourceCountRow(owner_kind=ACCOUNT, owner_id=account_id))
    await _put_catalogue(cloud, txn)
    try:
        await cloud.store.submit(txn)
    except DuplicateError:
        return False
    return True


async def _put_catalogue(cloud: Cloud, txn: TxnSpec) -> None:
    """Adds the catalogue's rows, and skips their ids so that they are never dealt."""
    last: dict[str, int] = {}
    for statement, row in first_rows(cloud.uuid, cloud.now_ms()):
        txn.put(statement, row)
        last[row.TABLE.name] = row.id  # type: ignore[attr-defined]
    for name, row_id in last.items():
        await cloud.row_ids.reserve(name, row_id)
        while cloud.id(name) < row_id:
            pass

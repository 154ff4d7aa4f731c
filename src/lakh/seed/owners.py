"""Domains, accounts and their users of a seeded installation."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import DOMAIN_ADMIN, USER, AccountRow
from lakh.resources.account.row import INSERT as INSERT_ACCOUNT
from lakh.resources.domain.row import INSERT as INSERT_DOMAIN
from lakh.resources.domain.row import ROOT_DOMAIN, DomainRow
from lakh.resources.limit.row import ACCOUNT, DOMAIN, INSERT_COUNT, TYPES, ResourceCountRow, Usage, charge
from lakh.resources.user.row import INSERT as INSERT_USER
from lakh.resources.user.row import INSERT_KEY, ApiKeyRow, UserRow
from lakh.seed.size import Shares
from lakh.store.statement import TxnSpec

ADMINS_EVERY = 5
"""Of the first accounts of the domains, so many-th are domain admins; the others are users."""
ROLE_OF = {USER: 4, DOMAIN_ADMIN: 3}


class Owner(msgspec.Struct):
    """An account, its user, its domain and all domains above it."""

    account: AccountRow
    user: UserRow
    chain: list[int]


def domains(cloud: Cloud, shares: Shares) -> list[DomainRow]:
    """The rows of all domains, parents first."""
    made: list[DomainRow] = []
    for number, parent in enumerate(shares.parents):
        domain_id = cloud.id("domain")
        above = made[parent] if parent >= 0 else None
        made.append(
            DomainRow(
                id=domain_id,
                uuid=cloud.uuid(),
                name=f"domain-{number + 1:05d}",
                parent_id=above.id if above else ROOT_DOMAIN,
                path=f"{above.path if above else f'/{ROOT_DOMAIN}/'}{domain_id}/",
                level=(above.level if above else 0) + 1,
                network_domain=None,
                state="Active",
                created_ms=cloud.now_ms(),
            )
        )
    return made


def owners(cloud: Cloud, shares: Shares, known: list[DomainRow], password: str) -> list[Owner]:
    """All accounts with one user each. `password` is a text of `hash_password`, the same for all."""
    made = []
    for number in range(shares.size.accounts):
        place = shares.domain_of_account(number)
        domain = known[place] if place >= 0 else None
        first_of_domain = domain is not None and number < len(known)
        kind = DOMAIN_ADMIN if first_of_domain and number % ADMINS_EVERY == 0 else USER
        domain_id = domain.id if domain else ROOT_DOMAIN
        account = AccountRow(
            id=cloud.id("account"),
            uuid=cloud.uuid(),
            name=f"account-{number + 1:05d}",
            type=kind,
            role_id=ROLE_OF[kind],
            domain_id=domain_id,
            state="enabled",
            network_domain=None,
            default_zone_id=None,
            details_json="{}",
            created_ms=cloud.now_ms(),
        )
        user = UserRow(
            id=cloud.id("users"),
            uuid=cloud.uuid(),
            username=f"user-{number + 1:05d}",
            password=password,
            account_id=account.id,
            domain_id=domain_id,
            firstname="Seeded",
            lastname=f"User {number + 1}",
            email=f"user-{number + 1:05d}@example.org",
            timezone=None,
            state="enabled",
            login_attempts=0,
            source="native",
            created_ms=cloud.now_ms(),
        )
        chain = [int(part) for part in domain.path.strip("/").split("/")] if domain else [ROOT_DOMAIN]
        made.append(Owner(account, user, chain))
    return made


def key_of(cloud: Cloud, owner: Owner) -> ApiKeyRow:
    """A pair of keys for the owner's user, named after it: `key-user-00001`, `secret-user-00001`."""
    name = owner.user.username
    return ApiKeyRow(
        id=cloud.id("api_key"),
        uuid=cloud.uuid(),
        user_id=owner.user.id,
        account_id=owner.account.id,
        domain_id=owner.account.domain_id,
        name="seeded",
        description=None,
        api_key=f"key-{name}",
        secret_key=f"secret-{name}",
        start_ms=None,
        end_ms=None,
        created_ms=cloud.now_ms(),
    )


def add(total: Usage, more: Usage) -> None:
    """Adds `more` to a total."""
    for name in TYPES:
        setattr(total, name, getattr(total, name) + getattr(more, name))


def owner_txns(
    cloud: Cloud, known: list[DomainRow], made: list[Owner], used: dict[int, Usage], at_once: int
) -> Iterator[TxnSpec]:
    """Transactions that store domains, accounts, users and what they own. `used`: usage by account id."""
    sums: dict[int, Usage] = {}
    for owner in made:
        if (own := used.get(owner.account.id)) is not None:
            for domain_id in owner.chain:
                add(sums.setdefault(domain_id, Usage()), own)
    if (root := sums.get(ROOT_DOMAIN)) is not None:
        txn = TxnSpec("seed.root")
        charge(txn, DOMAIN, ROOT_DOMAIN, root)
        yield txn
    for start in range(0, len(known), at_once):
        txn = TxnSpec("seed.domains")
        for row in known[start : start + at_once]:
            txn.put(INSERT_DOMAIN, row)
        for row in known[start : start + at_once]:
            txn.put(INSERT_COUNT, _count(DOMAIN, row.id, sums.get(row.id)))
        yield txn
    for start in range(0, len(made), at_once):
        part, txn = made[start : start + at_once], TxnSpec("seed.accounts")
        for owner in part:
            txn.put(INSERT_ACCOUNT, owner.account)
        for owner in part:
            txn.put(INSERT_USER, owner.user)
        for owner in part:
            txn.put(INSERT_COUNT, _count(ACCOUNT, owner.account.id, used.get(owner.account.id)))
        yield txn
    if made:
        txn = TxnSpec("seed.keys")
        for owner in made[: ADMINS_EVERY + 1]:
            txn.put(INSERT_KEY, key_of(cloud, owner))
        yield txn


def _count(kind: int, owner_id: int, usage: Usage | None) -> ResourceCountRow:
    row = ResourceCountRow(owner_kind=kind, owner_id=owner_id)
    return row if usage is None else msgspec.structs.replace(row, **msgspec.structs.asdict(usage))

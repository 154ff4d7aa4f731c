"""Who sees and touches what (api-conventions, section 10).

Root touches everything, a domain admin its domain's subtree, a user its own account. A list of owned things goes
through `owned_scope`, an action on a thing through `check_access`, a command on behalf of another account through
`owner_of`.
"""

from __future__ import annotations

from dataclasses import dataclass

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.resources.account.cached import Accounts
from lakh.resources.account.row import BY_NAME, DOMAIN_ADMIN, AccountRow
from lakh.resources.command import Call, OwnedListCommand
from lakh.resources.domain.tree import DomainTree, Tree


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose things a list shows: these accounts' (`account_ids`), else these domains'; both None is everybody's."""

    account_ids: tuple[int, ...] | None = None
    domain_ids: tuple[int, ...] | None = None


EVERYBODY = Scope()
NOBODY = Scope(account_ids=())
ALL_PROJECTS = -1
"""`projectid` that means every project the caller is in, and with `listall` its other things as well."""


async def may_see(call: Call, account_id: int, domain_id: int) -> bool:
    """True when the caller may see and touch what this account of this domain owns."""
    caller = call.caller
    if caller.is_root_admin or caller.account_id == account_id:
        return True
    if caller.account_type != DOMAIN_ADMIN:
        return False
    return (await call.cloud.part(DomainTree).current()).is_within(domain_id, caller.domain_id)


async def check_access(call: Call, account_id: int, domain_id: int) -> None:
    """Raises PermissionDeniedError (531) when the caller may not touch what this account owns."""
    if not await may_see(call, account_id, domain_id):
        raise PermissionDeniedError(
            f"Account {call.caller.account_name} does not have permission to operate with provided resource"
        )


async def check_domain(call: Call, domain_id: int) -> None:
    """Raises PermissionDeniedError (531) when the domain is out of the caller's reach: its own, or below for admins.

    Raises ParameterError where there is no such domain, as for -1, which every uuid parameter lets through.
    """
    caller = call.caller
    tree = await call.cloud.part(DomainTree).current()
    if domain_id not in tree.rows:
        raise ParameterError("Unable to find a domain by domainid: give the uuid of one")
    reach = caller.is_root_admin or domain_id == caller.domain_id
    if not reach and caller.account_type == DOMAIN_ADMIN:
        reach = tree.is_within(domain_id, caller.domain_id)
    if not reach:
        row = tree.rows.get(domain_id)
        raise PermissionDeniedError(
            f"Account {call.caller.account_name} does not have permission to operate within domain"
            f" id={row.uuid if row else domain_id}"
        )


async def owned_scope(call: Call, command: OwnedListCommand, *, by_id: bool = False) -> Scope:
    """The scope of a list of owned things. `by_id`: the request names one object by its id.

    Raises ParameterError for parameters that do not go together, PermissionDeniedError for a domain out of reach.
    """
    return await scope_of(
        call,
        account=command.account,
        domain_id=command.domainid,
        recursive=command.isrecursive,
        list_all=command.listall,
        project_id=command.projectid,
        by_id=by_id,
    )


async def scope_of(
    call: Call,
    *,
    account: str | None = None,
    domain_id: int | None = None,
    recursive: bool = False,
    list_all: bool = False,
    project_id: int | None = None,
    by_id: bool = False,
) -> Scope:
    """As `owned_scope`, from single parameters. Nothing belongs to a project yet, so all projects own nothing."""
    caller = call.caller
    tree = await call.cloud.part(DomainTree).current()
    if account and project_id is not None:
        raise ParameterError("Account and projectid can't be specified together")
    if domain_id is not None:
        await check_domain(call, domain_id)
    if project_id == ALL_PROJECTS and not list_all:
        return NOBODY
    if account:
        found = await find_account(call, account, domain_id if domain_id is not None else caller.domain_id)
        await check_access(call, found.id, found.domain_id)
        return Scope(account_ids=(found.id,))
    if not caller.is_admin:
        return Scope(account_ids=(caller.account_id,))
    if domain_id is not None:
        return Scope(domain_ids=tuple(tree.subtree(domain_id)) if recursive else (domain_id,))
    if not list_all and not by_id:
        return Scope(account_ids=(caller.account_id,))
    return _reach(call, tree)


def _reach(call: Call, tree: Tree) -> Scope:
    """Everything the caller may see."""
    caller = call.caller
    if caller.is_root_admin:
        return EVERYBODY
    if caller.account_type == DOMAIN_ADMIN:
        return Scope(domain_ids=tuple(tree.subtree(caller.domain_id)))
    return Scope(account_ids=(caller.account_id,))


async def find_account(call: Call, name: str, domain_id: int) -> AccountRow:
    """The live account of that name in a domain. Raises ParameterError."""
    rows = await call.cloud.store.rows(BY_NAME, domain_id, name)
    if not rows:
        tree = await call.cloud.part(DomainTree).current()
        raise ParameterError(f"could not find account {name} in domain {tree.rows[domain_id].uuid}")
    return rows[0]


async def owner_of(
    call: Call, account: str | None = None, domain_id: int | None = None, project_id: int | None = None
) -> AccountRow:
    """The account a command creates things for: the named one where the caller may act for it, else its own.

    Raises ParameterError for an account that is unknown or named without its domain, PermissionDeniedError (531).
    """
    caller = call.caller
    if project_id is not None:
        raise ParameterError("Unable to find project by id: there is no such project")
    if not account:
        own = await call.cloud.part(Accounts).get(caller.account_id)
        assert own is not None
        return own
    if domain_id is None:
        raise ParameterError("Account must be specified with domainid parameter")
    if not caller.is_admin and (account != caller.account_name or domain_id != caller.domain_id):
        row = (await call.cloud.part(DomainTree).current()).rows.get(domain_id)
        raise PermissionDeniedError(
            f"Can't create/list resources for account {account} in domain {row.uuid if row else domain_id}, permission"
            " denied"
        )
    await check_domain(call, domain_id)
    found = await find_account(call, account, domain_id)
    await check_access(call, found.id, found.domain_id)
    return found

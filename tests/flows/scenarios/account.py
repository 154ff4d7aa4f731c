"""Scenarios of accounts, domains and users."""

from __future__ import annotations

from tests.blank import blank
from tests.flows.scenario import Case, scenario
from tests.flows.scenarios.parts import account_of, deployment, domain_under
from tests.flows.server import Server

from lakh.resources.account.row import AccountRow
from lakh.resources.command import Caller
from lakh.resources.domain.row import DomainRow
from lakh.resources.user.row import INSERT_KEY, ApiKeyRow, UserRow
from lakh.resources.vm.row import VmRow


async def _vm_of(server: Server, caller: Caller) -> None:
    from tests.flows.scenario import command_of

    await server.run(command_of("deployVirtualMachine", deployment(server)), caller)


@scenario("deleteAccount")
async def delete_with_all_it_owns(server: Server) -> Case:
    account, caller = await account_of(server)
    await _vm_of(server, caller)

    async def succeeded() -> None:
        assert (await server.row(AccountRow, account.id)).removed_ms is not None
        assert not [v for v in await server.all(VmRow) if v.account_id == account.id]

    async def failed() -> None:
        """It is there, disabled, and can be deleted again."""
        assert (await server.row(AccountRow, account.id)).state == "disabled"
        await server.call("deleteAccount", id=account.id)
        await succeeded()

    return Case({"id": account.id}, succeeded, failed)


@scenario("disableAccount")
async def disable_and_stop_its_vms(server: Server) -> Case:
    account, caller = await account_of(server)
    await _vm_of(server, caller)

    async def succeeded() -> None:
        assert (await server.row(AccountRow, account.id)).state == "disabled"
        assert {v.state for v in await server.all(VmRow) if v.account_id == account.id} == {"Stopped"}

    async def failed() -> None:
        assert (await server.row(AccountRow, account.id)).state == "disabled"

    return Case({"id": account.id, "lock": False}, succeeded, failed)


@scenario("deleteDomain")
async def delete_with_accounts_and_subdomains(server: Server) -> Case:
    domain = await domain_under(server)
    below = await domain_under(server, domain)
    _, caller = await account_of(server, below.id)
    await _vm_of(server, caller)

    async def succeeded() -> None:
        for gone in (domain, below):
            assert (await server.row(DomainRow, gone.id)).removed_ms is not None
        assert not [a for a in await server.all(AccountRow) if a.domain_id == below.id]

    async def failed() -> None:
        """It is open again, or what is left of it can be deleted again."""
        assert (await server.row(DomainRow, domain.id)).state == "Active"
        await server.call("deleteDomain", id=domain.id, cleanup=True)
        await succeeded()

    return Case({"id": domain.id, "cleanup": True}, succeeded, failed)


@scenario("disableUser")
async def disable_user(server: Server) -> Case:
    _, caller = await account_of(server)

    async def state() -> str:
        return (await server.row(UserRow, caller.user_id)).state

    async def succeeded() -> None:
        assert await state() == "disabled"

    async def failed() -> None:
        assert await state() == "enabled"

    return Case({"id": caller.user_id}, succeeded, failed)


@scenario("deleteUserKeys")
async def delete_keys(server: Server) -> Case:
    account, caller = await account_of(server)
    key = blank(
        server.cloud, ApiKeyRow, user_id=caller.user_id, account_id=account.id, domain_id=account.domain_id,
        name="k", api_key=f"key-{caller.user_id}", secret_key="s",
    )  # fmt: skip
    await server.put((INSERT_KEY, key))

    async def succeeded() -> None:
        assert (await server.row(ApiKeyRow, key.id)).removed_ms is not None

    async def failed() -> None:
        assert (await server.row(ApiKeyRow, key.id)).removed_ms is None

    return Case({"keypairid": key.id}, succeeded, failed)

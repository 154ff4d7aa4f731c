"""deleteAccount: everything the account owns goes first, each thing by its own command, then its users and itself.

The account is disabled from admission on, so that nothing new appears meanwhile. Where something can not be removed the
job fails and says what is left; the account stays, disabled, and deleteAccount can be called again.
"""

from __future__ import annotations

from typing import NamedTuple

from lakh.base.errors import ResourceInUseError
from lakh.contract.declaration import ADMINS, COMMANDS, param
from lakh.contract.encoding import job_result
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.account.managed import check_not_own, managed_account
from lakh.resources.account.row import SET_STATE
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.limit.row import ACCOUNT, COUNT, end_count
from lakh.store.statement import Statement, TxnSpec, statement
from lakh.store.table import TABLES, referring


class _Owned(NamedTuple):
    """What is removed by a command of its own: `where` says which of the table's live rows."""

    table: str
    command: str
    where: str
    parameters: dict[str, bool]


OWNED = (
    _Owned("vm", "destroyVirtualMachine", "type = 'User'", {"expunge": True}),
    _Owned("snapshot", "deleteSnapshot", "", {}),
    _Owned("network", "deleteNetwork", "", {"forced": True}),
    _Owned("volume", "destroyVolume", "", {"expunge": True}),
    _Owned("template", "deleteTemplate", "", {}),
)
"""In this order: what uses comes before what is used. A network takes its routers and their disks with it."""

REMOVE = statement(
    "account.remove", "UPDATE account SET removed_ms = $2, state = 'removed' WHERE id = $1 AND removed_ms IS NULL"
)
REMOVE_USERS = statement(
    "user.remove_of_account", "UPDATE users SET removed_ms = $2 WHERE account_id = $1 AND removed_ms IS NULL"
)
REMOVE_KEYS = statement(
    "api_key.remove_of_account", "UPDATE api_key SET removed_ms = $2 WHERE account_id = $1 AND removed_ms IS NULL"
)
REMOVE_NAMED = [
    statement(
        f"{table}.remove_of_account", f"UPDATE {table} SET removed_ms = $2 WHERE account_id = $1 AND removed_ms IS NULL"
    )
    for table in ("affinity_group", "instance_group", "ssh_key_pair", "user_data")
]
"""What only instances use, of which none is left by then."""
_WITH_THE_ACCOUNT = frozenset({"users", "api_key", *(made.changes for made in REMOVE_NAMED)})


class Deletion(State):
    account_id: int


def _live_ids(owned: _Owned) -> Statement:
    where = f" AND {owned.where}" if owned.where else ""
    return statement(
        f"{owned.table}.of_deleted_account",
        f"SELECT id FROM {owned.table} WHERE account_id = $1 AND removed_ms IS NULL{where} ORDER BY id",
    )


async def remove_owned(run: Run[Deletion]) -> None:
    for owned in OWNED:
        if owned.table not in TABLES or owned.command not in COMMANDS:
            continue
        for (row_id,) in await run.cloud.store.read(_live_ids(owned), run.state.account_id):
            what = f"{owned.command} {row_id}"
            await run.child(owned.command, what, id=row_id, **owned.parameters)
    await _check_nothing_left(run)


async def _check_nothing_left(run: Run[Deletion]) -> None:
    """Raises ResourceInUseError that names what still belongs to the account."""
    left = []
    for name, column in referring("account"):
        if name in _WITH_THE_ACCOUNT or "removed_ms" not in TABLES[name].column_names:
            continue
        count = statement(
            f"{name}.left_of_account", f"SELECT COUNT(*) FROM {name} WHERE {column} = $1 AND removed_ms IS NULL"
        )
        number = (await run.cloud.store.read(count, run.state.account_id))[0][0]
        if number:
            left.append(f"{number} of {name}")
    if left:
        raise ResourceInUseError(f"The account still owns {', '.join(left)}; remove them, then delete it again")


async def remove(run: Run[Deletion]) -> TxnSpec:
    """Ends the account and its counts. What was charged to it meanwhile, by a request admitted before it was disabled,
    is looked for anew."""
    account_id, now_ms = run.state.account_id, run.cloud.now_ms()
    counts = await run.cloud.store.rows(COUNT, ACCOUNT, account_id)
    await _check_nothing_left(run)
    run.finish(job_result(DeleteAccount.SPEC, None))
    txn = TxnSpec("deleteAccount")
    for removal in (*REMOVE_NAMED, REMOVE_KEYS, REMOVE_USERS):
        txn.add(removal, account_id, now_ms, expect=None)
    for counted in counts:
        end_count(txn, counted)
    return txn.add(REMOVE, account_id, now_ms)


class DeleteAccount(
    JobCommand,
    roles=ADMINS,
    event="ACCOUNT.DELETE",
    instance_type="Account",
    java_class="org.apache.cloudstack.api.command.admin.account.DeleteAccountCmd",
):
    """Deletes an account with its users and everything it owns"""

    FLOW = Flow(Deletion, Step("remove what it owns", remove_owned), Step("remove", remove, commits=True))

    id: Id = param("the account", required=True, entity="account")

    async def admit(self, call: Call) -> Admission:
        account = await managed_account(call, self.id)
        check_not_own(call, account, "deleted")
        return Admission(
            TxnSpec("").add(SET_STATE, account.id, "disabled"),
            Deletion(account_id=account.id),
            instance=("Account", account.uuid),
            sync_key=f"account:{account.id}",
            owner=(account.id, account.domain_id),
            description=f"Deleting account {account.name}",
        )

"""deleteDomain: with `cleanup` all accounts and domains below go with it; without, it must be empty."""

from __future__ import annotations

from lakh.base.errors import ParameterError, PermissionDeniedError, ResourceInUseError
from lakh.contract.declaration import ADMIN_AND_DOMAIN, param
from lakh.contract.encoding import job_result
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.account.ownership import check_domain
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.domain.row import ROOT_DOMAIN
from lakh.resources.domain.tree import DomainTree
from lakh.store.statement import TxnSpec, statement

ACCOUNTS_IN = statement(
    "account.in_domains", "SELECT id FROM account WHERE domain_id = ANY($1) AND removed_ms IS NULL ORDER BY id"
)
CLOSE = statement(
    "domain.close",
    "UPDATE domain SET state = 'Inactive' WHERE id = ANY($1) AND removed_ms IS NULL",
)
REOPEN = statement("domain.reopen", "UPDATE domain SET state = 'Active' WHERE id = ANY($1) AND removed_ms IS NULL")
REMOVE = statement(
    "domain.remove",
    "UPDATE domain SET removed_ms = $2 WHERE id = ANY($1) AND removed_ms IS NULL AND state = 'Inactive'",
)


class Deletion(State):
    """`domain_ids` is the closed subtree: nothing can be created in it any more."""

    domain_ids: list[int]


async def delete_accounts(run: Run[Deletion]) -> None:
    for (account_id,) in await run.cloud.store.read(ACCOUNTS_IN, run.state.domain_ids):
        await run.child("deleteAccount", f"delete account {account_id}", id=account_id)


async def remove(run: Run[Deletion]) -> TxnSpec:
    if left := await run.cloud.store.read(ACCOUNTS_IN, run.state.domain_ids):
        raise ResourceInUseError(f"The domain still has {len(left)} accounts; delete them first")
    run.finish(job_result(DeleteDomain.SPEC, None))
    ids = run.state.domain_ids
    return TxnSpec("deleteDomain").add(REMOVE, ids, run.cloud.now_ms(), expect=len(ids))


async def reopen(run: Run[Deletion]) -> TxnSpec:
    return TxnSpec("deleteDomain.failed").add(REOPEN, run.state.domain_ids, expect=None)


class DeleteDomain(
    JobCommand,
    roles=ADMIN_AND_DOMAIN,
    event="DOMAIN.DELETE",
    instance_type="Domain",
    java_class="org.apache.cloudstack.api.command.admin.domain.DeleteDomainCmd",
):
    """Deletes a specified domain"""

    FLOW = Flow(
        Deletion,
        Step("delete accounts", delete_accounts),
        Step("remove", remove, commits=True),
        failed=reopen,
    )

    id: Id = param("the domain", required=True, entity="domain")
    cleanup: bool = param("true: with all accounts and domains below; false: only if there are none", default=False)

    async def admit(self, call: Call) -> Admission:
        tree = await call.cloud.part(DomainTree).current()
        row = tree.rows.get(self.id)
        if row is None or row.removed_ms is not None:
            raise ParameterError(f"Unable to find domain {call.parameters.get('id', self.id)}: it was deleted")
        await check_domain(call, row.id)
        if row.id in (ROOT_DOMAIN, call.caller.domain_id):
            raise PermissionDeniedError("The ROOT domain, and the caller's own, can not be deleted")
        ids = tree.subtree(row.id)
        if not self.cleanup:
            accounts = await call.cloud.store.read(ACCOUNTS_IN, ids)
            if accounts or len(ids) > 1:
                raise ResourceInUseError(
                    f"Can't delete the domain yet because it has {len(accounts)} accounts and {len(ids) - 1} domains"
                    " below it; give cleanup=true to delete them with it"
                )
        return Admission(
            TxnSpec("").add(CLOSE, ids, expect=len(ids)),
            Deletion(domain_ids=ids),
            instance=("Domain", row.uuid),
            sync_key=f"domain:{row.id}",
            description=f"Deleting domain {tree.name_path(row.id)}",
        )

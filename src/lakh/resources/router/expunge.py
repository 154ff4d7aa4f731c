"""expungeRouter, internal: the end of a router, as part of its network's life. Access is the network's."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.router.end import BEFORE_PUBLISH, ended
from lakh.resources.vm.halt import HaltState, host_is_away
from lakh.resources.vm.row import BY_ID
from lakh.store.statement import TxnSpec


class ExpungeState(HaltState):
    """`gone`: somebody else was faster."""

    gone: bool = False


async def publish(run: Run[ExpungeState]) -> TxnSpec:
    txn, _ = await ended(run)
    return txn


class ExpungeRouter(JobCommand, internal=True, instance_type="DomainRouter"):
    """Ends a router."""

    id: Id = param("the router", required=True, entity="vm")

    FLOW = Flow(ExpungeState, *BEFORE_PUBLISH, Step("publish", publish, commits=True))

    async def admit(self, call: Call) -> Admission:
        vm = (await call.cloud.store.rows(BY_ID, self.id))[0]
        return Admission(
            TxnSpec("router.expunge.admit"),
            ExpungeState(vm_id=vm.id, forced=host_is_away(call.cloud, vm)),
            instance=("DomainRouter", vm.uuid),
            sync_key=f"vm:{vm.id}",
        )

"""cancelHostAsDegraded: a host that was declared degraded works again."""

from __future__ import annotations

import msgspec

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.host.resource_state import live_host, move_by, next_state
from lakh.resources.host.view import HostView, host_view
from lakh.store.statement import TxnSpec


class HostState(State):
    host_id: int


async def enable(run: Run[HostState]) -> TxnSpec:
    host = await live_host(run.cloud, run.state.host_id)
    txn = TxnSpec("host.cancel_degraded")
    host = msgspec.structs.replace(host, resource_state=move_by(run, txn, host, "EnableDegradedHost"))
    run.finish(result_json(run, await host_view(run.cloud, host), run.job.command))
    return txn


class CancelHostAsDegraded(
    JobCommand,
    roles=ADMIN,
    answer=HostView,
    since="4.16.0.0",
    event="HOST.CANCEL.DEGRADED",
    instance_type="Host",
    java_class="org.apache.cloudstack.api.command.admin.host.CancelHostAsDegradedCmd",
):
    """Takes a degraded host back into service."""

    id: Id = param("the host", required=True, entity="host", validations=["PositiveNumber"])

    FLOW = Flow(HostState, Step("enable", enable, commits=True))

    async def admit(self, call: Call) -> Admission:
        host = await live_host(call.cloud, self.id)
        next_state(host, "EnableDegradedHost")
        return Admission(
            TxnSpec("cancelHostAsDegraded"),
            HostState(host_id=host.id),
            instance=("Host", host.uuid),
            description=f"canceling Degraded status of host: {host.uuid}",
        )

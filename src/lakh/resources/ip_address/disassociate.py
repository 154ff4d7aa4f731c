"""disassociateIpAddress: the address is free again, unless its network is seen by it."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.account.ownership import check_access
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.ip_address.applying import apply_addresses
from lakh.resources.ip_address.public import PublicAddresses
from lakh.resources.ip_address.row import BY_ADDRESS, BY_ID, RELEASE, RELEASING, IpAddressRow
from lakh.resources.limit.charge import release_owner
from lakh.resources.limit.row import Usage
from lakh.store.statement import TxnSpec


class ReleaseState(State):
    address_id: int


async def row_of(run: Run[ReleaseState]) -> IpAddressRow:
    return (await run.cloud.store.rows(BY_ID, run.state.address_id))[0]


async def take_away(run: Run[ReleaseState]) -> None:
    await apply_addresses(run.cloud, await row_of(run), add=False)


async def remove(run: Run[ReleaseState]) -> TxnSpec:
    cloud, row = run.cloud, await row_of(run)
    run.when_committed(lambda: cloud.part(PublicAddresses).give_back(row.range_id, row.address))
    txn = TxnSpec("ip_address.disassociate").add(RELEASE, row.id, cloud.now_ms())
    await release_owner(cloud, txn, row.account_id, row.domain_id, Usage(public_ip=1))
    return txn


class DisassociateIpAddress(
    JobCommand,
    event="NET.IPRELEASE",
    instance_type="IpAddress",
    java_class="org.apache.cloudstack.api.command.user.address.DisassociateIPAddrCmd",
):
    """Disassociates a public IP address from its network."""

    id: Id | None = param("the address", entity="ip_address")
    ipaddress: str | None = param("the address itself, in place of its id", since="4.19.0")

    FLOW = Flow(ReleaseState, Step("take away", take_away), Step("remove", remove, commits=True))

    async def admit(self, call: Call) -> Admission:
        row = await self._row(call)
        await check_access(call, row.account_id, row.domain_id)
        if row.is_source_nat:
            raise ParameterError(f"IP address {row.address} is source NAT of its network: delete the network instead")
        if row.is_system:
            raise ParameterError(f"IP address {row.address} is of a system VM and cannot be released")
        return Admission(
            TxnSpec("ip_address.disassociate.admit").add(RELEASING, row.id),
            ReleaseState(address_id=row.id),
            instance=("IpAddress", row.uuid),
            sync_key=f"network:{row.network_id}",
            owner=(row.account_id, row.domain_id),
            description=f"Disassociating IP address with ID={row.uuid}",
        )

    async def _row(self, call: Call) -> IpAddressRow:
        if (self.id is None) == (self.ipaddress is None):
            raise ParameterError("Either id or ipaddress must be given, and not both")
        if self.id is not None:
            rows = await call.cloud.store.rows(BY_ID, self.id)
        else:
            rows = await call.cloud.store.rows(BY_ADDRESS, self.ipaddress)
        if not rows or rows[0].removed_ms is not None:
            raise ParameterError(f"Unable to find IP address {self.ipaddress or 'by id'}; it may be free already")
        return rows[0]

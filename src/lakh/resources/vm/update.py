"""updateVirtualMachine: what is written down of a VM. What its domain is made of changes with the next start."""

from __future__ import annotations

from typing import Any

import msgspec

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Details, Id
from lakh.resources.account.cached import Accounts
from lakh.resources.command import Call, SyncCommand, event
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.instance_group.choose import group_for
from lakh.resources.network.cached import Networks
from lakh.resources.nic.row import OF_VM as NICS_OF_VM
from lakh.resources.vm.access import user_vm
from lakh.resources.vm.details import SIZES, check_details
from lakh.resources.vm.guest_access import user_data_of
from lakh.resources.vm.names import check_name_is_free
from lakh.resources.vm.row import VmRow
from lakh.resources.vm.states import GONE
from lakh.resources.vm.view import UserVmView
from lakh.resources.vm.views import user_vm_views
from lakh.store.statement import TxnSpec, statement

UPDATE = statement(
    "vm.update",
    "UPDATE vm SET name = $3, display_name = $4, group_id = $5, ha_enabled = $6, dynamic_scaling = $7, os_type_id = $8,"
    " user_data = $9, user_data_id = $10, details_json = $11, display_vm = $12, delete_protection = $13,"
    " updated_ms = $14 WHERE id = $1 AND updated_ms = $2 AND removed_ms IS NULL",
)


class UpdateVirtualMachine(
    SyncCommand, answer=UserVmView, java_class="org.apache.cloudstack.api.command.admin.vm.UpdateVMCmdByAdmin"
):
    """Updates an Instance's properties. Its name and user data reach the guest at its next start."""

    id: Id = param("the Instance", required=True, entity="vm")
    name: str | None = param("its new host name", since="4.4", validations=["RFCComplianceDomainName"])
    displayname: str | None = param("the name shown to users")
    group: str | None = param("the instance group it joins; empty to leave the one it is in")
    haenable: bool | None = param("whether it is started again when it is lost")
    isdynamicallyscalable: bool | None = param("whether it may be scaled while it runs; for a stopped Instance")
    ostypeid: Id | None = param("the type of its operating system", entity="guest_os")
    userdata: str | None = param("user data in base64", since="4.16.0", max_length=1048576)
    userdataid: Id | None = param("registered user data in place of userdata", entity="user_data", since="4.18")
    details: Details = param("details to set in place of those it has")
    cleanupdetails: bool = param("remove all details that may be removed", default=False)
    displayvm: bool | None = param("show it to its owner", roles=["Admin"])
    deleteprotection: bool | None = param("refuse to destroy it", since="4.20.0")

    async def run(self, call: Call) -> UserVmView:
        cloud = call.cloud
        vm = await user_vm(call, self.id)
        if vm.state in GONE:
            raise ParameterError(f"Unable to update Instance {vm.uuid}: it is {vm.state}")
        txn = TxnSpec("vm.update")
        after = msgspec.structs.replace(vm, updated_ms=cloud.now_ms(), **await self._changes(call, vm, txn))
        txn.add(
            UPDATE, vm.id, vm.updated_ms, after.name, after.display_name, after.group_id, after.ha_enabled,
            after.dynamic_scaling, after.os_type_id, after.user_data, after.user_data_id, after.details_json,
            after.display_vm, after.delete_protection, after.updated_ms,
        )  # fmt: skip
        owner, what = (vm.account_id, vm.domain_id), ("VirtualMachine", vm.uuid)
        text = f"Updated Instance {after.name}"
        txn.put(INSERT_EVENT, event(cloud, "VM.UPDATE", "Completed", text, call.caller.user_id, owner, what))
        await cloud.store.submit(txn)
        return (await user_vm_views(cloud, [after], call.caller))[0]

    async def _changes(self, call: Call, vm: VmRow, txn: TxnSpec) -> dict[str, Any]:
        """Columns with their new values; a new group goes into `txn`."""
        found: dict[str, Any] = {}
        plain = {
            "display_name": self.displayname,
            "ha_enabled": self.haenable,
            "os_type_id": self.ostypeid,
            "display_vm": self.displayvm,
            "delete_protection": self.deleteprotection,
        }
        found.update({column: value for column, value in plain.items() if value is not None})
        if self.name and self.name != vm.name:
            nics = await call.cloud.store.rows(NICS_OF_VM, vm.id)
            networks = await call.cloud.part(Networks).many({n.network_id for n in nics})
            await check_name_is_free(call.cloud, self.name, list(networks.values()), vm.id)
            found["name"] = self.name
        if self.isdynamicallyscalable is not None and self.isdynamicallyscalable != vm.dynamic_scaling:
            if vm.state != "Stopped":
                raise ParameterError("isdynamicallyscalable changes on a stopped Instance only: stop it first")
            found["dynamic_scaling"] = self.isdynamicallyscalable
        if self.userdata is not None or self.userdataid is not None:
            found["user_data"], found["user_data_id"] = await user_data_of(
                call.cloud, vm.account_id, self.userdata, self.userdataid
            )
        if self.group is not None:
            owner = await call.cloud.part(Accounts).get(vm.account_id)
            assert owner is not None
            found["group_id"] = await group_for(call.cloud, txn, owner, self.group) if self.group else None
        if self.details or self.cleanupdetails:
            found["details_json"] = self._details(call, vm)
        return found

    def _details(self, call: Call, vm: VmRow) -> str:
        """The new details; sizes stay as they are, and so do those that the caller may not touch."""
        known: dict[str, str] = msgspec.json.decode(vm.details_json, type=dict[str, str])
        kept = {name: value for name, value in known.items() if name in SIZES}
        wanted = {} if self.cleanupdetails else {n: v for n, v in self.details.items() if n not in SIZES}
        check_details(call, [n for n, v in wanted.items() if known.get(n) != v], deploying=False)
        for name, value in known.items():
            if name in SIZES or name in wanted:
                continue
            try:
                check_details(call, [name], deploying=False)
            except ParameterError:
                kept[name] = value
        return msgspec.json.encode({**kept, **wanted}).decode()

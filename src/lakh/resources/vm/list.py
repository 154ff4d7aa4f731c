"""listVirtualMachines."""

from __future__ import annotations

from lakh.resources.command import Call, Listed
from lakh.resources.vm.list_command import VmListCommand
from lakh.resources.vm.view import UserVmView


class ListVirtualMachines(
    VmListCommand,
    answer=UserVmView,
    java_class="org.apache.cloudstack.api.command.admin.vm.ListVMsCmdByAdmin",
):
    """Lists the Instances of the caller, or those it may see."""

    async def run(self, call: Call) -> Listed:
        return await self.listed(call)

"""listVPCs: virtual private clouds. There are none yet."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.declaration import param
from lakh.contract.types import Id, Pairs
from lakh.contract.view import View
from lakh.resources.account.ownership import owned_scope
from lakh.resources.command import Call, Listed, OwnedListCommand


class VpcView(View):
    OBJECT: ClassVar[str] = "vpc"

    id: str | None = None
    name: str | None = None
    state: str | None = None
    cidr: str | None = None
    zoneid: str | None = None


class ListVPCs(
    OwnedListCommand, answer=VpcView, java_class="org.apache.cloudstack.api.command.admin.vpc.ListVPCsCmdByAdmin"
):
    """Lists VPCs"""

    id: Id | None = param("this VPC", entity="vpc")
    name: str | None = param("the VPCs of this name")
    zoneid: Id | None = param("the VPCs of this zone", entity="zone")
    state: str | None = param("the VPCs in this state")
    tags: Pairs = param("the VPCs with one of these tags")

    async def run(self, call: Call) -> Listed:
        await owned_scope(call, self)
        self.window()
        return Listed(0, [])

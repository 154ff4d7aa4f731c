"""listVPCOfferings: what VPCs may be made of. None, as long as there are no VPCs."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.contract.view import View
from lakh.resources.command import Call, ListCommand, Listed


class VpcOfferingView(View):
    OBJECT: ClassVar[str] = "vpcoffering"

    id: str | None = None
    name: str | None = None
    state: str | None = None
    isdefault: bool | None = None


class ListVPCOfferings(ListCommand, answer=VpcOfferingView):
    """Lists VPC offerings"""

    id: Id | None = param("this offering", entity="vpc_offering")
    name: str | None = param("the offerings of this name")
    isdefault: bool | None = param("only default ones, or only the others")
    state: str | None = param("the offerings in this state")
    zoneid: Id | None = param("the offerings of this zone", entity="zone", since="4.13")

    async def run(self, call: Call) -> Listed:
        self.window()
        return Listed(0, [])

"""listHSMProfiles: hardware security modules that keys are kept in. There are none."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.contract.view import View
from lakh.resources.account.ownership import owned_scope
from lakh.resources.command import Call, Listed, OwnedListCommand


class HsmProfileView(View):
    OBJECT: ClassVar[str] = "hsmprofile"

    id: str | None = None
    name: str | None = None
    protocol: str | None = None
    enabled: bool | None = None


class ListHSMProfiles(OwnedListCommand, answer=HsmProfileView, since="4.23.0"):
    """Lists HSM profiles."""

    id: Id | None = param("this profile", entity="hsm_profile")
    zoneid: Id | None = param("the profiles of this zone", entity="zone")
    protocol: str | None = param("the profiles of this protocol")
    enabled: bool | None = param("only enabled ones, or only the others")

    async def run(self, call: Call) -> Listed:
        await owned_scope(call, self)
        self.window()
        return Listed(0, [])

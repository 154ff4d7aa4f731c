"""listAffinityGroupTypes: the types that an affinity group may have."""

from __future__ import annotations

from typing import ClassVar

from lakh.catalogue.planning import AFFINITY_PROCESSORS
from lakh.contract.view import View
from lakh.resources.command import Call, ListCommand, Listed


class AffinityGroupTypeView(View):
    OBJECT: ClassVar[str] = "affinityGroupType"

    type: str | None = None
    jobid: str | None = None
    jobstatus: int | None = None


class ListAffinityGroupTypes(ListCommand, answer=AffinityGroupTypeView):
    """Lists the types of affinity groups."""

    async def run(self, call: Call) -> Listed:
        offset, limit = self.window()
        found = list(AFFINITY_PROCESSORS)
        return Listed(len(found), [AffinityGroupTypeView(type=name) for name in found[offset : offset + limit]])

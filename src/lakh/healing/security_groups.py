"""Security group rules: every running VM's host applies its newest ruleset (addendum 1.3).

A ruleset is pending from the commit that changes it until its host has answered for that very number. What a host
cannot program is sent again later; a host that cannot filter at all is not asked again until the rules change.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from lakh.base import limits
from lakh.base.log import logger
from lakh.bus.hosts import HostUnreachableError
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.resources.security_group.row import APPLIED, PENDING_RULESETS
from lakh.resources.security_group.rulesets import Ruleset, rulesets
from lakh.store.statement import TxnSpec

log = logger(__name__)

AGAIN_SECONDS = 10.0
HOPELESS = "CANNOT_BRIDGE_FIREWALL"


class SecurityGroups(Reconciler):
    name: ClassVar[str] = "security groups"
    tables: ClassVar[frozenset[str]] = frozenset({"vm_ruleset"})

    def interval_seconds(self, cloud: Cloud) -> float:
        return AGAIN_SECONDS

    async def run(self, cloud: Cloud) -> None:
        pending = await cloud.store.rows(PENDING_RULESETS)
        if not pending:
            return
        places = asyncio.Semaphore(limits.RULESETS_AT_ONCE)
        await asyncio.gather(*(self._send(cloud, one, places) for one in await rulesets(cloud, pending)))

    async def _send(self, cloud: Cloud, one: Ruleset, places: asyncio.Semaphore) -> None:
        async with places:
            try:
                answer = (await cloud.hosts.call(one.vm.host_id or 0, [one.command]))[0]
            except HostUnreachableError as error:
                log.info("ruleset not sent", vm=one.vm.instance_name, reason=str(error))
                return
            if not answer.result and answer.body.get("reason") != HOPELESS:
                log.warning("ruleset not applied", vm=one.vm.instance_name, reason=answer.details)
                return
            # Changed meanwhile: the newer one is pending, and this commit changes nothing.
            txn = TxnSpec("vm_ruleset.applied").add(APPLIED, one.vm.id, one.sequence, expect=None)
            await cloud.store.submit(txn)

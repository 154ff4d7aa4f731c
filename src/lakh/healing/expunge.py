"""Expunges VMs whose `expunge.delay` is over, and those whose expunging broke off."""

from __future__ import annotations

from typing import ClassVar, Final

from lakh.base.errors import ApiError
from lakh.base.log import logger
from lakh.contract.declaration import spec_of
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.jobs.row import PENDING_ON
from lakh.resources.command import Call, JobCommand, admit_job
from lakh.resources.configuration.values import Settings
from lakh.resources.system import SYSTEM_CALLER
from lakh.store.statement import statement

log = logger(__name__)

AT_ONCE: Final = 200
LONGEST_PAUSE_SECONDS: Final = 600.0

DUE = statement(
    "vm.due_to_expunge",
    "SELECT id, uuid FROM vm WHERE state = 'Destroyed' AND type = 'User' AND updated_ms < $1 AND removed_ms IS NULL"
    f" ORDER BY updated_ms LIMIT {AT_ONCE}",
)
BROKEN_OFF = statement(
    "vm.expunging",
    f"SELECT id, uuid FROM vm WHERE state = 'Expunging' AND type = 'User' AND removed_ms IS NULL ORDER BY id"
    f" LIMIT {AT_ONCE}",
)


class Expunge(Reconciler):
    """A bounded number of VMs per pass."""

    name: ClassVar[str] = "expunge"

    def interval_seconds(self, cloud: Cloud) -> float:
        return min(float(cloud.part(Settings).integer("expunge.interval") or 86400), LONGEST_PAUSE_SECONDS)

    async def run(self, cloud: Cloud) -> None:
        delay_ms = 1000 * cloud.part(Settings).integer("expunge.delay")
        due = await cloud.store.read(DUE, cloud.now_ms() - delay_ms)
        due += await cloud.store.read(BROKEN_OFF)
        busy = {row[0] for row in await cloud.store.read(PENDING_ON, [uuid for _, uuid in due])} if due else set()
        declaration = spec_of("expungeVirtualMachine").declaration
        assert issubclass(declaration, JobCommand)
        for vm_id, uuid in due:
            if uuid in busy:
                continue
            try:
                await admit_job(declaration(id=vm_id), Call(cloud, SYSTEM_CALLER))
            except ApiError as error:
                log.info("VM is not expunged", vm=uuid, reason=error.text)

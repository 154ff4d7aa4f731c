"""A host's power report against what the store says; only differences are written.

What is reported follows CloudStack (agent-protocol 3.4): a VM that its host reports off, or leaves out of an
out-of-band report, is stopped at once; one left out of an ordinary report only after a grace, for reports and starts
cross each other. A VM that runs where nobody started it is taken in where it last ran, and stopped anywhere else, or
where it was stopped by force. VMs that a job is working on are the job's.

Reports come whole and often, so they are compared with the host's last one in memory; `compare` looks at whole hosts,
once per report of a host that was not known, and now and then by `healing/power_sync.py`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from sys import intern
from typing import NamedTuple

from lakh.base.errors import ApiError, ResourceUnavailableError
from lakh.base.log import logger
from lakh.bus.hosts import HostUnreachableError
from lakh.contract.declaration import COMMANDS, spec_of
from lakh.jobs.cloud import Cloud
from lakh.jobs.row import PENDING_ON
from lakh.resources.command import Call, JobCommand, admit_job, event
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.host.index import HostIndex
from lakh.resources.host.reach import ask
from lakh.resources.host.row import RELEASE, RESERVE_ANYWAY
from lakh.resources.system import SYSTEM_CALLER
from lakh.resources.vm.availability import is_restarted
from lakh.resources.vm.leftover import left_on
from lakh.resources.vm.planner import tenant_of
from lakh.resources.vm.reservation import end, forget, reservation_of
from lakh.resources.vm.row import (
    BY_IDS,
    BY_INSTANCE_NAMES,
    DOMAIN_ROUTER,
    MISSED,
    ODD,
    ON_HOSTS,
    SEEN,
    USER,
    VmPowerRow,
    VmRow,
)
from lakh.resources.vm.states import GONE, guard_size, move
from lakh.store.statement import TxnSpec, values
from lakh.store.store import GuardFailedError
from lakh.wire.commands import vm as commands

log = logger(__name__)

ON, OFF = "PowerOn", "PowerOff"
HOSTS_AT_ONCE = 500
GATHER_SECONDS = 0.05
"""How long changed reports wait for others: nothing against the minute that a host takes to send one."""
_ours = re.compile(r"[irsv]-(?:\d+-)?(\d+)-").match
"""Our instance names carry the VM's row id: i-<account>-<id>-VM, r-<id>-VM, s-<id>-VM, v-<id>-VM."""


class PowerReports:
    """A part of the cloud: the last report of each host."""

    def __init__(self, _: Cloud) -> None:
        self.last: dict[int, dict[str, str]] = {}

    def runs(self, host_id: int, name: str) -> bool:
        """True when the host's last report names the VM as running."""
        return self.last.get(host_id, {}).get(name) == ON

    def forget(self, host_id: int) -> None:
        """The host is gone, or its session is: its next report is compared whole."""
        self.last.pop(host_id, None)


class FirstReports:
    """A part of the cloud: first reports of hosts that came together are compared together, one read for many."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._waiting: list[int] = []
        self._running: asyncio.Task[None] | None = None

    async def compared(self, host_id: int) -> None:
        """Returns once the host has been compared."""
        self._waiting.append(host_id)
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        await asyncio.shield(self._running)

    async def _run(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[:HOSTS_AT_ONCE], self._waiting[HOSTS_AT_ONCE:]
            await compare(self._cloud, together)


class _Asked(NamedTuple):
    """Names in a host's report, and who waits for their VMs."""

    host_id: int
    names: list[str]
    vms: asyncio.Future[list[VmRow]]


class ChangedReports:
    """A part of the cloud: what differs in the reports of many hosts is looked up together.

    An Instance that was started makes one report of its host differ. With many hosts that is a report for each
    deployment, and a look of its own at the store for each would be a tenth of what the deployment cost.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._waiting: list[_Asked] = []
        self._running: asyncio.Task[None] | None = None

    async def look_up(self, host_id: int, names: list[str]) -> list[VmRow]:
        """The VMs of these names. Those that run where they should are not missing from then on."""
        asked = _Asked(host_id, names, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await asked.vms

    async def _run(self) -> None:
        await self._cloud.clock.sleep(GATHER_SECONDS)
        while self._waiting:
            together, self._waiting = self._waiting[:HOSTS_AT_ONCE], self._waiting[HOSTS_AT_ONCE:]
            waiting = [asked for asked in together if not asked.vms.done()]
            try:
                found = await self._look_up(waiting)
            except Exception as error:
                for asked in waiting:
                    if not asked.vms.done():
                        asked.vms.set_exception(error)
                continue
            for asked, vms in zip(waiting, found, strict=True):
                if not asked.vms.done():
                    asked.vms.set_result(vms)

    async def _look_up(self, together: list[_Asked]) -> list[list[VmRow]]:
        names = sorted({name for asked in together for name in asked.names})
        known = {vm.instance_name: vm for vm in await _named(self._cloud, names)}
        found = [[known[name] for name in asked.names if name in known] for asked in together]
        last, seen = self._cloud.part(PowerReports).last, []
        for asked, vms in zip(together, found, strict=True):
            seen += [vm.id for vm in _seen(vms, asked.host_id, last.get(asked.host_id, {}))]
        await _note_seen(self._cloud, seen)
        return found


async def take_report(cloud: Cloud, host_id: int, states: dict[str, str], *, out_of_band: bool) -> None:
    """Takes one changed report: VM instance name to PowerState."""
    reports = cloud.part(PowerReports)
    before = reports.last.get(host_id)
    states = {name: intern(state) for name, state in states.items()}  # a million copies of one word were 60 MB
    reports.last[host_id] = states
    if out_of_band:
        await compare(cloud, [host_id], at_once=True)
        return
    if before is None:
        await cloud.part(FirstReports).compared(host_id)
        return
    changed = [name for name, state in states.items() if before.get(name) != state]
    vanished = [name for name in before if name not in states]
    if not changed and not vanished:
        return
    vms = await cloud.part(ChangedReports).look_up(host_id, changed + vanished)
    now = reports.last.get(host_id)
    if now is not None:  # else it is away again, and its next report is compared whole
        await _settle(cloud, host_id, vms, now, at_once=False)


async def compare(cloud: Cloud, host_ids: Sequence[int], *, at_once: bool = False) -> None:
    """Compares whole hosts, as they last reported, with the store: two or three statements for all of them."""
    reports = cloud.part(PowerReports)
    placed: dict[int, list[VmRow]] = {}
    for vm in await cloud.store.rows(ON_HOSTS, list(host_ids)):
        placed.setdefault(vm.host_id or 0, []).append(vm)
    said = {host_id: reports.last[host_id] for host_id in host_ids if host_id in reports.last}
    strange: dict[int, set[str]] = {}
    for host_id, states in said.items():
        strange[host_id] = states.keys() - {vm.instance_name for vm in placed.get(host_id, ())}
    strangers = await _named(cloud, sorted(set().union(*strange.values())))
    vms = {
        host_id: [*placed.get(host_id, ()), *(vm for vm in strangers if vm.instance_name in names)]
        for host_id, names in strange.items()
    }
    await _note_seen(cloud, [vm.id for host_id, states in said.items() for vm in _seen(vms[host_id], host_id, states)])
    for host_id, states in said.items():
        await _settle(cloud, host_id, vms[host_id], states, at_once=at_once)


async def _named(cloud: Cloud, names: Sequence[str]) -> list[VmRow]:
    """The VMs of these names; also removed ones, of which a domain may still be there."""
    if not names:
        return []
    found = await cloud.store.rows(BY_INSTANCE_NAMES, list(names))
    missing = set(names) - {vm.instance_name for vm in found}
    ids = sorted(int(match.group(1)) for name in missing if (match := _ours(name)))
    if ids:
        found += [vm for vm in await cloud.store.rows(BY_IDS, ids) if vm.instance_name in missing]
    return found


def _seen(vms: Sequence[VmRow], host_id: int, states: dict[str, str]) -> list[VmRow]:
    """Those that run where they should."""
    return [vm for vm in vms if vm.host_id == host_id and states.get(vm.instance_name) == ON]


async def _note_seen(cloud: Cloud, vm_ids: list[int]) -> None:
    """They are not missing, if they were, which few are: so that is asked first."""
    if vm_ids and (odd := await cloud.store.read(ODD, sorted(vm_ids))):
        await cloud.store.submit(TxnSpec("vm.seen").add(SEEN, [row[0] for row in odd], expect=None))


# --- what a difference means -----------------------------------------------------------------------------------------
async def _settle(cloud: Cloud, host_id: int, vms: list[VmRow], states: dict[str, str], *, at_once: bool) -> None:
    odd = [vm for vm in vms if not _agrees(vm, host_id, states.get(vm.instance_name))]
    if not odd:
        return
    busy = {row[0] for row in await cloud.store.read(PENDING_ON, [vm.uuid for vm in odd])}
    for vm in odd:
        if vm.uuid in busy:
            continue
        state = states.get(vm.instance_name)
        try:
            if state == ON:
                await _runs_oddly(cloud, vm, host_id)
            elif state == OFF or (state is None and at_once):
                await stop_out_of_band(cloud, vm, host_id)
            elif state is None and vm.host_id == host_id:
                row = VmPowerRow(vm.id, "PowerReportMissing", host_id, cloud.now_ms())
                await cloud.store.submit(TxnSpec("vm.missed").add(MISSED, *values(row), expect=None))
        except (ApiError, GuardFailedError, HostUnreachableError) as error:
            log.info("power report left as it is", vm=vm.instance_name, host=host_id, reason=str(error))


def _agrees(vm: VmRow, host_id: int, state: str | None) -> bool:
    """True when there is nothing to do about what this host says of the VM."""
    runs_here = vm.state == "Running" and vm.host_id == host_id and vm.removed_ms is None
    if state == ON:
        return runs_here
    return not runs_here


async def stop_out_of_band(cloud: Cloud, vm: VmRow, host_id: int) -> None:
    """Stops a VM on paper whose host says that it does not run; a highly available one is started again."""
    if vm.host_id != host_id or vm.state != "Running":
        return
    log.warning("VM went off by itself", vm=vm.instance_name, host=host_id)
    if vm.type == DOMAIN_ROUTER:
        await _begin(cloud, "stopRouter", id=vm.id, forced=True)
    elif vm.type != USER:
        await _begin(cloud, "stopSystemVm", id=vm.id, forced=True)
    else:
        await _begin(cloud, "stopVirtualMachine", id=vm.id, forced=True)
        if is_restarted(cloud, vm, host_id):
            await _begin(cloud, "startVirtualMachine", id=vm.id)


async def _begin(cloud: Cloud, command: str, **parameters: object) -> None:
    """Starts a command as the system's own job; the VM's line puts it in order."""
    if command not in COMMANDS:
        return
    declaration = spec_of(command).declaration
    assert issubclass(declaration, JobCommand)
    await admit_job(declaration(**parameters), Call(cloud, SYSTEM_CALLER))


async def _runs_oddly(cloud: Cloud, vm: VmRow, host_id: int) -> None:
    """The host runs a VM that the store has elsewhere, or not running at all."""
    if vm.removed_ms is not None or vm.state in GONE:
        await _stop_there(cloud, vm, host_id)
    elif vm.state == "Stopped":
        if await left_on(cloud, vm) == host_id:
            await _stop_there(cloud, vm, host_id)
            await _note_seen(cloud, [vm.id])
        elif not await _runs_on(cloud, vm, host_id):
            return  # it was being stopped: the report was made before and is read after
        elif vm.last_host_id in (host_id, None):
            await _take_in(cloud, vm, host_id)
        else:
            await _stop_there(cloud, vm, host_id)
    elif vm.state == "Running" and vm.host_id is not None and vm.host_id != host_id:
        if await _runs_on(cloud, vm, vm.host_id):
            await _stop_there(cloud, vm, host_id)
        else:
            await _take_in(cloud, vm, host_id)


async def _runs_on(cloud: Cloud, vm: VmRow, host_id: int) -> bool:
    """True when the host, asked now, says that it runs the VM."""
    answer = (await ask(cloud, host_id, commands.check(vm.instance_name), patience_seconds=0))[0]
    return bool(answer.result) and answer.body.get("state") == ON


async def _stop_there(cloud: Cloud, vm: VmRow, host_id: int) -> None:
    log.warning("VM runs where it should not; it is stopped there", vm=vm.instance_name, host=host_id, state=vm.state)
    answer = (await ask(cloud, host_id, commands.stop(vm.instance_name, force=True), patience_seconds=0))[0]
    if not answer.result:
        raise ResourceUnavailableError(f"host {host_id} does not stop {vm.instance_name}: {answer.details}")
    text = f"Instance {vm.name} was stopped on host {cloud.part(HostIndex).name_of(host_id)}, where it should not run"
    owner, what = (vm.account_id, vm.domain_id), ("VirtualMachine", vm.uuid)
    row = event(cloud, "VM.STOP", "Completed", text, vm.user_id, owner, what, "WARN")
    await cloud.store.submit(TxnSpec("vm.stopped_there").put(INSERT_EVENT, row))


async def _take_in(cloud: Cloud, vm: VmRow, host_id: int) -> None:
    """The VM is Running there: it was started, or migrated, behind our back. Its capacity counts, even over the
    limit."""
    now_ms, mhz, memory_bytes = cloud.now_ms(), vm.cpus * vm.speed_mhz, vm.memory_mb << 20
    txn = TxnSpec("vm.taken_in")
    move(txn, vm, "FollowAgentPowerOnReport", now_ms, host_id=host_id)
    guard_size(txn, vm)
    if vm.host_id is not None:
        txn.add(RELEASE, vm.host_id, mhz, vm.cpus, memory_bytes)
    kept = await reservation_of(cloud, vm)
    if kept is not None:
        end(txn, kept)
    tenant = await tenant_of(cloud, vm)
    txn.add(RESERVE_ANYWAY, host_id, mhz, vm.cpus, memory_bytes, tenant)
    text = f"Out of band start of Instance {vm.name} found on its host"
    owner, what = (vm.account_id, vm.domain_id), ("VirtualMachine", vm.uuid)
    txn.put(INSERT_EVENT, event(cloud, "VM.START", "Completed", text, vm.user_id, owner, what))
    await cloud.store.submit(txn)
    columns = cloud.part(HostIndex).columns
    if vm.host_id is not None and vm.host_id in columns:
        columns.release(vm.host_id, mhz, memory_bytes, vm.account_id)
    if kept is not None:
        forget(cloud, kept)
    if host_id in columns:
        now = columns.tenant_with(host_id, tenant)
        columns.reserve(host_id, mhz, memory_bytes, vm.account_id, tenant=now)
    log.warning("VM runs though nobody started it here", vm=vm.instance_name, host=host_id)

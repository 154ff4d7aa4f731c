"""What must hold at every single commit, not only in the end, and what a cloud at rest must look like."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tests.sim.machines import Machine

from lakh.agent.host import Host
from lakh.store.inline import InlineStore
from lakh.store.statement import Statement, statement

HOSTS = statement(
    "test.sim.hosts",
    "SELECT c.host_id, c.cpu_used_mhz - COALESCE(v.mhz, 0), c.cores_used - COALESCE(v.cores, 0),"
    " c.memory_used_bytes - COALESCE(v.bytes, 0), c.vms - COALESCE(v.vms, 0) FROM host_capacity c LEFT JOIN"
    " (SELECT host_id, SUM(mhz) AS mhz, SUM(cpus) AS cores, SUM(bytes) AS bytes, SUM(guests) AS vms FROM"
    " (SELECT host_id, cpus * speed_mhz AS mhz, cpus, memory_mb * 1048576 AS bytes, 1 AS guests FROM vm"
    " WHERE host_id IS NOT NULL AND removed_ms IS NULL UNION ALL"
    " SELECT host_id, cpu_mhz, cpus, memory_bytes, 0 FROM vm_reservation) GROUP BY host_id) v"
    " ON v.host_id = c.host_id ORDER BY c.host_id",
)
"""What hosts are said to carry beyond what is on them."""
MOVING = statement(
    "test.sim.moving",
    "SELECT COALESCE(SUM(cpus * speed_mhz), 0), COALESCE(SUM(cpus), 0), COALESCE(SUM(memory_mb), 0) * 1048576,"
    " COUNT(*) FROM vm WHERE state = 'Migrating' AND removed_ms IS NULL",
)
"""A migrating VM counts on its destination too."""
COUNTS = statement(
    "test.sim.counts",
    "SELECT c.owner_id, c.user_vm - COALESCE(v.vms, 0), c.cpu - COALESCE(v.cpus, 0), c.memory - COALESCE(v.mb, 0),"
    " c.volume - COALESCE(d.volumes, 0), c.primary_storage - COALESCE(d.bytes, 0),"
    " (SELECT COUNT(*) FROM async_job WHERE status = 0 AND command = 'resizeVolume') FROM resource_count c"
    " LEFT JOIN"
    " (SELECT account_id, COUNT(*) AS vms, SUM(cpus) AS cpus, SUM(memory_mb) AS mb FROM vm WHERE type = 'User'"
    " AND state NOT IN ('Destroyed', 'Expunging', 'Error') AND removed_ms IS NULL GROUP BY account_id) v"
    " ON v.account_id = c.owner_id LEFT JOIN (SELECT account_id, COUNT(*) AS volumes, SUM(size_bytes) AS bytes"
    " FROM volume WHERE state NOT IN ('Destroy', 'Expunging')"
    " AND removed_ms IS NULL GROUP BY account_id) d ON d.account_id = c.owner_id"
    " WHERE c.owner_kind = 1 ORDER BY c.owner_id",
)
ADDRESSES = statement(
    "test.sim.addresses",
    "SELECT network_id, ip, COUNT(*) FROM nic WHERE ip IS NOT NULL AND removed_ms IS NULL"
    " GROUP BY network_id, pod_id, ip HAVING COUNT(*) > 1",
)
DEVICES = statement(
    "test.sim.devices",
    "SELECT vm_id, device_id, COUNT(*) FROM volume WHERE vm_id IS NOT NULL AND removed_ms IS NULL"
    " GROUP BY vm_id, device_id HAVING COUNT(*) > 1",
)


class Watch:
    """Looks at the store after each commit. `broken` says what was found first."""

    def __init__(self, store: InlineStore, machines: Iterable[Machine], when: Callable[[], str]) -> None:
        self._store = store
        self._machines = machines
        self._when = when
        self.broken = ""
        self.looks = 0
        self.error: BaseException | None = None
        store.on_commit(self.committed)

    def committed(self, tables: frozenset[str]) -> None:
        if self.broken:
            return
        self.looks += 1
        if tables & {"vm", "host_capacity"}:
            self._capacity()
        if tables & {"vm", "volume", "resource_count"}:
            self._counts()
        if "nic" in tables:
            self._none(ADDRESSES, "addresses dealt twice")
        if "volume" in tables:
            self._none(DEVICES, "devices taken twice")
        self.places()

    def places(self) -> dict[str, str]:
        """Domain name to the machine where it runs; a second one breaks the watch."""
        found: dict[str, str] = {}
        for machine in self._machines:
            if not isinstance(machine.agent, Host):
                continue
            for name in machine.host.hypervisor.power_report():
                if name in found:
                    self._break(f"{name} runs on {found[name]} and on {machine.name}")
                found[name] = machine.name
        return found

    def _capacity(self) -> None:
        beyond = self._read(HOSTS)
        moving = tuple(self._read(MOVING)[0])
        too_little = [row for row in beyond if min(row[1:]) < 0]
        sums = tuple(sum(row[column] for row in beyond) for column in range(1, 5))
        if too_little or sums != moving:
            self._break(f"hosts count (host, MHz, cores, bytes, VMs) {beyond} beyond what is on them, moving: {moving}")

    def _counts(self) -> None:
        rows = self._read(COUNTS)  # what volumes are to grow by counts before they have grown
        wrong = [row for row in rows if any(row[1:5]) or (row[5] < 0 if row[6] else row[5])]
        if wrong:
            self._break(f"owners count (account, VMs, CPUs, MiB, volumes, bytes) {wrong} beyond what they own")

    def _none(self, query: Statement, words: str) -> None:
        if found := self._read(query):
            self._break(f"{words}: {found}")

    def _break(self, words: str) -> None:
        if not self.broken:
            self.broken = f"{self._when()}: {words}"

    def _read(self, query: Statement) -> list[tuple[Any, ...]]:
        return self._store._session.select(query, ())

"""Lists answered from columns in memory and indexes of trigrams say what the engine says, whatever was changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from tests.api import Api
from tests.blank import blank
from tests.stores import ENGINES, fresh_store

from lakh.healing.search import move, movings
from lakh.resources.account.ownership import EVERYBODY, Scope
from lakh.resources.held import HOLDINGS, Held
from lakh.resources.host.row import INSERT as INSERT_HOST
from lakh.resources.host.row import HostRow
from lakh.resources.instance_group.row import EMPTY
from lakh.resources.listing import LISTINGS, Listing
from lakh.resources.nic.row import INSERT as INSERT_NIC
from lakh.resources.nic.row import NicRow
from lakh.resources.vm.held import USERS_ONLY, VMS
from lakh.resources.vm.list_command import LISTING
from lakh.resources.vm.row import BY_ID, INSERT, TO_EXPUNGED, TO_RUNNING, TO_STARTING, VmRow
from lakh.store import search
from lakh.store.changes import changed_by
from lakh.store.statement import STATEMENTS, TxnSpec, statement
from lakh.store.store import GuardFailedError

STATES = ("Running", "Stopped", "Error")
RENAME = statement("test.vm_rename", "UPDATE vm SET name = $2 WHERE id = $1")
OF_HOST = statement("test.vm_of_host", "UPDATE vm SET arch = 'aarch64' WHERE host_id = $1")
UNTOLD = statement("test.vm_untold", "UPDATE vm SET ha_enabled = TRUE WHERE arch <> $1")


@pytest.fixture(params=ENGINES)
async def api(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Api]:
    async with fresh_store(request.param, tmp_path) as store:
        running = await Api.start(store=store)
        yield running
        await running.stop()


class Instances:
    """Made-up instances, and the same question asked of memory and of the engine."""

    def __init__(self, api: Api) -> None:
        self.cloud, self.random, self.ids = api.cloud, Random(5), list[int]()

    async def add(self, count: int) -> None:
        cloud, random = self.cloud, self.random
        txn = TxnSpec("test.vms")
        for _ in range(count):
            row = blank(
                cloud, VmRow, name=f"{random.choice(('web', 'db', 'Über'))}-{len(self.ids)}", type="User",
                state=random.choice(STATES), account_id=random.randrange(2, 6), domain_id=random.randrange(1, 4),
                zone_id=random.randrange(1, 4), host_id=random.choice((None, 1, 2)), arch="x86_64", hypervisor="KVM",
                template_id=random.randrange(1, 3), display_vm=True,
            )  # fmt: skip
            row = msgspec.structs.replace(row, instance_name=f"i-{row.account_id}-{row.id}-VM")
            self.ids.append(row.id)
            txn.put(INSERT, row)
            nic = blank(cloud, NicRow, vm_id=row.id, network_id=random.randrange(1, 5), ip=f"10.0.0.{len(self.ids)}")
            txn.put(INSERT_NIC, nic)
        await cloud.store.submit(txn)

    async def check(self, scope: Scope = EVERYBODY, window: tuple[int, int] = (0, 7), **filters: Any) -> int:
        """The count, after memory and engine have told the same."""
        await self.cloud.part(Held).load()
        before = self.cloud.store.counters()
        count, rows = await LISTING.page(self.cloud, scope, filters, None, window)
        asked = self.cloud.store.counters()["read_statements"] - before["read_statements"]
        assert asked <= 6, "not told from memory"
        engine = _engine()
        wanted, engine_rows = await engine.page(self.cloud, scope, filters, None, window)
        assert (count, [row.id for row in rows]) == (wanted, [row.id for row in engine_rows]), filters
        return count

    async def check_all(self) -> None:
        for window in ((0, 7), (5, 20), (0, 500), (400, 10)):
            await self.check(window=window)
        for state in (*STATES, "Destroyed"):
            await self.check(state=state)
            await self.check(Scope(domain_ids=(1, 3)), state=state, zoneid=2)
        await self.check(Scope(account_ids=(3,)), hypervisor="kvm", templateid=1)
        await self.check(Scope(domain_ids=(1, 2, 3, 4, 5, 6)), hostid=2)
        await self.check(ids=self.ids[3:9], present=True)
        await self.check(id=self.ids[2] if self.ids else 7, arch="x86_64")
        await self.check(networkid=2, state="Running")
        await self.check(name="web-1")
        await self.check(none=True)
        await self.check(haenable=False, displayvm=True)
        for keyword in ("web", "eb-1", "WEB-2", "b-", "-1", "running", "10.0.0.1", "b%1", 'a"b', "i-3-", "nothing"):
            for parameter in ("keyword", "keyword_of_root"):
                await self.check(**{parameter: f"%{keyword.lower()}%"})
        await self.check(Scope(account_ids=(3,)), keyword="%web%", state="Stopped")


_made: list[Listing[VmRow]] = []


def _engine() -> Listing[VmRow]:
    """The same list without columns in memory."""
    if not _made:
        _made.append(
            Listing(VmRow, LISTING._filters, always="removed_ms IS NULL AND type = 'User'", name="test_engine_vm")
        )
        LISTINGS.remove(_made[0])
    return _made[0]


async def test_memory_and_engine_agree_before_and_after_changes(api: Api) -> None:
    vms = Instances(api)
    await vms.check_all()
    await vms.add(60)
    await vms.check_all()
    store = api.cloud.store
    stopped = [row.id for row in (await _engine().page(api.cloud, EVERYBODY, {"state": "Stopped"}))[1]]
    chosen = [i for i in stopped if (await store.read(_HOST_OF, i))[0][0] is None]
    (vm,) = await store.rows(BY_ID, chosen[0])
    size = (vm.service_offering_id, vm.cpus, vm.speed_mhz, vm.memory_mb)
    host = blank(api.cloud, HostRow, id=2, name="host-2", resource_state="Enabled")
    await store.submit(TxnSpec("test").put(INSERT_HOST, host))
    await store.submit(TxnSpec("test").add(TO_STARTING, vm.id, 2, 1, 5, *size))
    await store.submit(TxnSpec("test").add(TO_RUNNING, chosen[0], 2, 6))
    await store.submit(TxnSpec("test").add(RENAME, chosen[1], "renamed-web").add(TO_EXPUNGED, vms.ids[0], 7))
    await store.submit(TxnSpec("test").add(EMPTY, 12345, expect=None).add(OF_HOST, 2, expect=None))
    await vms.check_all()
    assert await vms.check(keyword="%renamed%") == 1
    await vms.add(30)
    await vms.check_all()
    await store.submit(TxnSpec("test").add(UNTOLD, "x86_64", expect=None))
    await vms.check_all()


_HOST_OF = statement("test.vm_host_of", "SELECT host_id FROM vm WHERE id = $1")


async def test_what_was_undone_is_not_seen(api: Api) -> None:
    vms = Instances(api)
    await vms.add(5)
    before = await vms.check()
    with pytest.raises(GuardFailedError):
        await api.cloud.store.submit(
            TxnSpec("test").add(RENAME, vms.ids[1], "never").add(TO_EXPUNGED, vms.ids[0], 7).add(RENAME, -5, "x")
        )
    assert await vms.check() == before
    assert await vms.check(keyword="%never%") == 0


async def test_the_queue_of_texts_moves_into_the_index_and_nothing_is_found_twice(api: Api) -> None:
    if api.cloud.store.dialect != "sqlite":
        pytest.skip("PostgreSQL keeps its index at once")
    vms = Instances(api)
    await vms.add(40)
    for each in movings():
        await move(api.cloud, each, 15, 1)
    assert await api.cloud.store.read(movings()[0].waiting) == [(0,)]
    await vms.check_all()
    await api.cloud.store.submit(TxnSpec("test").add(RENAME, vms.ids[3], "moved-on").add(TO_EXPUNGED, vms.ids[4], 9))
    await vms.check_all()
    for each in movings():
        await move(api.cloud, each, 15, 1)
    await vms.check_all()
    assert await vms.check(keyword="%moved%") == 1


@pytest.mark.parametrize("apart", [0, 10_000_000])
async def test_a_pass_over_the_texts_in_parts_misses_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch, apart: int
) -> None:
    monkeypatch.setattr(search, "APART", apart)
    vms = Instances(api)
    assert await vms.check(keyword="%b%") == 0
    for number in (1, 40):
        await vms.add(number)
        for each in movings() if api.cloud.store.dialect == "sqlite" else ():
            await move(api.cloud, each, 15, 1)
        found = [await vms.check(keyword=f"%{keyword}%") for keyword in ("b", "-1", "we", "b%1", "zz")]
    assert [number > 0 for number in found] == [True, True, True, True, False]


async def test_instances_of_accounts_are_tallied_by_state(api: Api) -> None:
    vms = Instances(api)
    await vms.add(80)
    await api.cloud.store.submit(TxnSpec("test").add(TO_EXPUNGED, vms.ids[0], 7))
    columns = await api.cloud.part(Held).fresh(VMS)
    assert columns is not None
    rows = (await _engine().page(api.cloud))[1]
    for accounts in ([2, 4], [5], [99], list(range(2, 200))):
        counted: dict[Any, int] = {}
        for row in rows:
            if row.account_id in accounts:
                counted[row.account_id, row.state] = counted.get((row.account_id, row.state), 0) + 1
        assert columns.tally("account_id", accounts, "state", USERS_ONLY) == counted


SELDOM = {"host_capacity.set_overcommit"}
"""Statements after which columns are read anew as a whole: those of settings."""


def test_every_statement_on_a_held_table_says_which_rows_it_changes() -> None:
    held = {holding.row.TABLE.name: holding for holding in HOLDINGS}
    ours = [made for made in STATEMENTS.values() if made.changes in held and not made.name.startswith("test")]
    assert len(ours) > 30
    for made in ours:
        holding = held[made.changes]
        how = changed_by(made, holding.key)
        assert (how is None) == (made.name in SELDOM), f"{made.name}: all columns would be read anew"
        assert how is None or not how.column or how.column in holding.names, made.name

"""The events of seeded Instances: each was created, and, where there are more than two for each, stopped and started
again since. They read as the product's own do, each with the uuid of its Instance, some with its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from typing import Any, Final

from lakh.jobs.cloud import Cloud
from lakh.resources.command import event
from lakh.resources.event.row import INSERT
from lakh.seed.writing import ROWS_AT_ONCE, write
from lakh.store.statement import TxnSpec, statement

_SOME: Final = 5000
_VMS: Final = statement(
    "seed.vms",
    "SELECT id, uuid, name, account_id, domain_id, user_id FROM vm WHERE type = 'User' AND id > $1"
    f" ORDER BY id LIMIT {_SOME}",
    full_scan="reads the table in slices by its key",
)
_CREATED: Final = ("VM.CREATE", "starting Instance. Instance Id: {uuid}")
_LATER: Final = (
    ("VM.STOP", "stopping Instance: {name}. Instance Id: {uuid}"),
    ("VM.START", "starting Instance: {name}. Instance Id: {uuid}"),
)
Said = tuple[str, str]


async def events(cloud: Cloud, count: int, advance: Callable[[int], None]) -> None:
    """Stores so many events of the Instances there are; `advance` hears how many there are by then."""
    made, last, later = 0, 0, cycle(_LATER)
    said = _CREATED
    while made < count:
        vms = await cloud.store.read(_VMS, last)
        if not vms:
            if last == 0:
                return
            last, said = 0, next(later)
            continue
        last = vms[-1][0]
        await write(cloud.store, _txns(cloud, vms, said, count - made), lambda _: None)
        made = min(count, made + 2 * len(vms))
        advance(made)


def _txns(cloud: Cloud, vms: Sequence[tuple[Any, ...]], said: Said, most: int) -> Iterator[tuple[int, TxnSpec]]:
    txn = TxnSpec("seed.events")
    for number, (vm, state) in enumerate([(vm, state) for vm in vms for state in ("Scheduled", "Completed")][:most], 1):
        _, uuid, name, account_id, domain_id, user_id = vm
        kind, beginning = said
        done = f"Successfully completed {kind}. VirtualMachine Id: {uuid}"
        text = beginning.format(uuid=uuid, name=name) if state == "Scheduled" else done
        about = ("VirtualMachine", uuid)
        txn.put(INSERT, event(cloud, kind, state, text, user_id, (account_id, domain_id), about))
        if len(txn.steps) >= ROWS_AT_ONCE[cloud.store.dialect]:
            yield number, txn
            txn = TxnSpec("seed.events")
    if txn.steps:
        yield most, txn

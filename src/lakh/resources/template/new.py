"""Rows of new templates and ISOs, and storing them with the copies that are to be downloaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import AccountRow
from lakh.resources.command import Call, completed
from lakh.resources.configuration.values import Settings
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.guest_os.row import GuestOsRow
from lakh.resources.limit.charge import charge_owner, limit_error
from lakh.resources.limit.row import Usage
from lakh.resources.template.placing import copies_for
from lakh.resources.template.row import INSERT, INSERT_STORE, TemplateRow
from lakh.resources.template.view import Entry, entries
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec
from lakh.store.store import GuardFailedError

ARCHITECTURES: Final = ("x86_64", "aarch64", "s390x", "i686")


def one_of(parameter: str, given: str, possible: Sequence[str]) -> str:
    """The word given in any case. Raises ParameterError that lists them."""
    for each in possible:
        if each.lower() == given.lower():
            return each
    raise ParameterError(f"Invalid parameter {parameter} {given}: give one of {', '.join(possible)}")


async def os_type_of(cloud: Cloud, os_type_id: int | None) -> int:
    """The OS type's row id; the first of the catalogue where none is given."""
    os_types = await cloud.snapshots.of(GuestOsRow)
    found = next(iter(os_types)) if os_type_id is None else os_types.by_id[os_type_id]
    if found.removed_ms is not None:
        raise ParameterError(f"Unable to find OS type {found.uuid}: it does not exist any more")
    return found.id


def check_public(call: Call, owner_id: int, is_public: bool) -> None:
    """Raises PermissionDeniedError where `allow.public.user.templates` lets users make private ones only."""
    allowed = call.cloud.part(Settings).flag("allow.public.user.templates", ("Account", owner_id))
    if is_public and not allowed and not call.caller.is_admin:
        raise PermissionDeniedError("Failed to register template since only private templates can be created")


def template_row(
    cloud: Cloud, owner: AccountRow, name: str, *, details: Mapping[str, str] | None = None, **given: Any
) -> TemplateRow:
    """A new template of `owner`; `given` are columns by name, the others have their usual values."""
    template_id, uuid = cloud.id("template"), cloud.uuid()
    usual: dict[str, Any] = {
        "display_text": name,
        "type": "USER",
        "hypervisor": "KVM",
        "zone_id": None,
        "url": None,
        "checksum": None,
        "size_bytes": 0,
        "is_public": False,
        "is_featured": False,
        "is_extractable": False,
        "is_bootable": True,
        "password_enabled": False,
        "sshkey_enabled": False,
        "dynamically_scalable": False,
        "direct_download": False,
        "requires_hvm": True,
        "bits": 64,
        "arch": "x86_64",
        "tag": None,
        "source_template_id": None,
        "sort_key": 0,
        "state": "Active",
        "cross_zones": False,
    }
    return TemplateRow(
        id=template_id,
        uuid=uuid,
        unique_name=f"{template_id}-{owner.id}-{uuid}",
        name=name,
        account_id=owner.id,
        domain_id=owner.domain_id,
        details_json=msgspec.json.encode(details or {}).decode(),
        created_ms=cloud.now_ms(),
        **(usual | given),
    )


async def store_new(call: Call, row: TemplateRow, zones: Sequence[ZoneRow], event: str, what: str) -> list[Entry]:
    """Stores the row with its copies to download, counted for its owner; returns its entries.

    Raises ParameterError for a zone without room for it, ResourceAllocationError over a limit.
    """
    cloud, usage = call.cloud, Usage(template=1)
    txn = TxnSpec("template.register")
    await charge_owner(cloud, txn, row.account_id, row.domain_id, usage)
    txn.put(INSERT, row)
    for copy in await copies_for(cloud, row, zones):
        txn.put(INSERT_STORE, copy)
    txn.put(INSERT_EVENT, completed(call, event, f"{what} {row.name} registered", (what, row.uuid)))
    try:
        await cloud.store.submit(txn)
    except GuardFailedError as failed:
        raise await limit_error(cloud, failed, row.account_id, row.domain_id, usage) from None
    return await entries(cloud, row)

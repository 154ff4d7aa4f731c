"""Changing the row of a template or ISO: what updateTemplate and updateIso share."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.resources.command import Call, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.template.new import ARCHITECTURES, one_of, os_type_of
from lakh.resources.template.row import UPDATE, TemplateRow
from lakh.resources.template.url import check_format
from lakh.store.statement import TxnSpec, statement

USED = statement(
    "vm.of_template", "SELECT id FROM vm WHERE template_id = $1 AND removed_ms IS NULL ORDER BY id LIMIT 1"
)


@dataclass(slots=True, kw_only=True)
class Changes:
    """Columns that change; None stays as it is. `details` replaces all of them."""

    name: str | None = None
    display_text: str | None = None
    format: str | None = None
    os_type_id: int | None = None
    force_os_type: bool = False
    is_bootable: bool | None = None
    password_enabled: bool | None = None
    sshkey_enabled: bool | None = None
    dynamically_scalable: bool | None = None
    requires_hvm: bool | None = None
    sort_key: int | None = None
    type: str | None = None
    tag: str | None = None
    arch: str | None = None
    details: dict[str, str] | None = None


_PLAIN = (
    "name", "display_text", "is_bootable", "password_enabled", "sshkey_enabled", "dynamically_scalable",
    "requires_hvm", "sort_key",
)  # fmt: skip


async def change(call: Call, template: TemplateRow, changes: Changes, event: str, what: str) -> TemplateRow:
    """Stores the changes; returns the row as it is now. Raises ParameterError, PermissionDeniedError."""
    columns = {name: value for name in _PLAIN if (value := getattr(changes, name)) is not None}
    if changes.format is not None:
        columns["format"] = check_format(changes.format)
        if (columns["format"] == "ISO") != (template.format == "ISO"):
            raise ParameterError(f"Invalid format {changes.format}: an ISO stays one, and a template as well")
    if changes.arch is not None:
        columns["arch"] = one_of("arch", changes.arch, ARCHITECTURES)
    if changes.os_type_id is not None and changes.os_type_id != template.os_type_id:
        if not changes.force_os_type and await call.cloud.store.read(USED, template.id):
            raise ParameterError(
                "The OS type cannot be changed while Instances of the template exist, unless forceupdateostype is true"
            )
        columns["os_type_id"] = await os_type_of(call.cloud, changes.os_type_id)
    if changes.type is not None or changes.tag is not None:
        if not call.caller.is_root_admin:
            raise PermissionDeniedError("templatetype, isrouting and templatetag are for root admins only")
        if changes.type is not None:
            columns["type"] = one_of("templatetype", changes.type, ("USER", "VNF", "ROUTING", "SYSTEM", "BUILTIN"))
        columns["tag"] = template.tag if changes.tag is None else changes.tag or None
    if changes.details is not None:
        columns["details_json"] = msgspec.json.encode(changes.details).decode()
    after: TemplateRow = msgspec.structs.replace(template, **columns)
    txn = TxnSpec(f"{what.lower()}.update").add(
        UPDATE, after.id, after.name, after.display_text, after.format, after.os_type_id, after.is_bootable,
        after.password_enabled, after.sshkey_enabled, after.dynamically_scalable, after.requires_hvm, after.sort_key,
        after.type, after.tag, after.details_json, after.arch,
    )  # fmt: skip
    txn.put(INSERT_EVENT, completed(call, event, f"{what} {after.name} updated", (what, after.uuid)))
    await call.cloud.store.submit(txn)
    return after

"""Who may use a template, and who may change it (api-conventions, section 10)."""

from __future__ import annotations

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.resources.account.ownership import check_access, may_see
from lakh.resources.command import Call
from lakh.resources.template.copies import TemplateCopies
from lakh.resources.template.row import TemplateRow


async def live_template(call: Call, template_id: int, *, iso: bool = False) -> TemplateRow:
    """The template or ISO. Raises ParameterError when it is gone, or is the other kind."""
    found = (await call.cloud.snapshots.of(TemplateRow)).by_id.get(template_id)
    word = "ISO" if iso else "template"
    if found is None or found.removed_ms is not None:
        raise ParameterError(
            f"Unable to find {word} {found.uuid if found else template_id}: it does not exist any more"
        )
    if (found.format == "ISO") != iso:
        raise ParameterError(f"Please specify a valid {word}: {found.name} is {'a template' if iso else 'an ISO'}")
    return found


async def changeable_template(call: Call, template_id: int, *, iso: bool = False) -> TemplateRow:
    """The template, for a caller who may change it. Raises ParameterError, PermissionDeniedError."""
    found = await live_template(call, template_id, iso=iso)
    await check_access(call, found.account_id, found.domain_id)
    if found.type == "SYSTEM" and not call.caller.is_root_admin:
        raise PermissionDeniedError(f"Only root admins may change the system template {found.name}")
    return found


async def may_use(call: Call, template: TemplateRow) -> bool:
    """True for owners, those above them, everybody where it is public, and accounts it is shared with."""
    if template.is_public or await may_see(call, template.account_id, template.domain_id):
        return True
    copies = await call.cloud.part(TemplateCopies).current()
    return call.caller.account_id in copies.permitted.get(template.id, ())

"""Which templates a list shows: the templatefilter rules (api-conventions, section 10)."""

from __future__ import annotations

from typing import Final

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.resources.account.ownership import Scope
from lakh.resources.command import Call
from lakh.resources.template.copies import Copies
from lakh.resources.template.row import TemplateRow

FILTERS: Final = (
    "featured",
    "self",
    "selfexecutable",
    "sharedexecutable",
    "executable",
    "community",
    "shared",
    "all",
)
EXECUTABLE: Final = ("selfexecutable", "sharedexecutable", "executable")
"""Filters that show what is ready only."""


def check_filter(call: Call, given: str, parameter: str) -> str:
    """The filter's name. Raises ParameterError for an unknown one, PermissionDeniedError for `all` of a user."""
    found = given.lower()
    if found not in FILTERS:
        raise ParameterError(f"Please specify a valid {parameter}: one of {', '.join(FILTERS)}")
    if found == "all" and not call.caller.is_admin:
        raise PermissionDeniedError(f"Filter all can be specified by root/domain admin only; {parameter} is {given}")
    return found


def shown(template: TemplateRow, chosen: str, scope: Scope, copies: Copies, account_id: int) -> bool:
    """True when `template` belongs to the list of filter `chosen`. `scope` is whose things count as own."""
    match chosen:
        case "featured":
            return template.is_public and template.is_featured
        case "community":
            return template.is_public and not template.is_featured
        case "self" | "selfexecutable":
            return _owned(template, scope)
        case "shared" | "sharedexecutable":
            return account_id in copies.permitted.get(template.id, ()) and template.account_id != account_id
        case "executable":
            shared = account_id in copies.permitted.get(template.id, ())
            return template.is_public or shared or _owned(template, scope)
        case _:
            return template.is_public or _owned(template, scope)


def _owned(template: TemplateRow, scope: Scope) -> bool:
    if scope.account_ids is not None:
        return template.account_id in scope.account_ids
    return scope.domain_ids is None or template.domain_id in scope.domain_ids

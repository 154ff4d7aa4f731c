"""listApis: the commands the caller may run, with their parameters and answer fields (api-conventions, section 12).

The UI takes its menus, forms and columns from it, cloudmonkey and Marvin their code: every entry has name and
description (perhaps empty), `isasync`, `params` and `response`, or those clients break. It is long and the same for all
of a role, so each role's entries are encoded once.
"""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

import msgspec

from lakh.base.errors import InternalError
from lakh.contract.declaration import COMMANDS, CommandSpec, Param, param
from lakh.contract.view import Success, View, fields_of
from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import role_type
from lakh.resources.command import Call, Listed, SyncCommand
from lakh.resources.role.access import Access

_ENTITIES = {"users": "user", "async_job": "asyncjob"}


class ApiView(View):
    """One command."""

    OBJECT: ClassVar[str] = "api"

    name: str | None = None
    description: str | None = None
    since: str | None = None
    isasync: bool | None = None
    related: str | None = None
    httprequesttype: str | None = None
    params: list[dict[str, Any]] | None = None
    response: list[dict[str, Any]] | None = None


class EncodedApis:
    """The encoded entries of each role; a part of the cloud. They hold for as long as the role's commands do."""

    def __init__(self, cloud: Cloud) -> None:
        self._access = cloud.part(Access)
        self._known: dict[tuple[int, str], tuple[frozenset[str], dict[str, msgspec.Raw]]] = {}

    async def of(self, role_id: int, kind: str) -> dict[str, msgspec.Raw]:
        """Entries by command name for a role, as an account of role type `kind` sees them."""
        allowed = (await self._access.load()).commands(role_id)
        known = self._known.get((role_id, kind))
        if known is None or known[0] is not allowed:
            entries = {name: msgspec.Raw(_entry(COMMANDS[name], kind)) for name in sorted(allowed)}
            known = self._known[role_id, kind] = (allowed, entries)
        return known[1]


class ListApis(
    SyncCommand,
    answer=ApiView,
    envelope="list",
    since="4.1.0",
    java_class="org.apache.cloudstack.api.command.user.discovery.ListApisCmd",
):
    """lists all available apis on the server, provided by the Api Discovery plugin"""

    name: str | None = param("this command only")

    async def run(self, call: Call) -> Listed:
        caller = call.caller
        entries = await call.cloud.part(EncodedApis).of(caller.role_id, role_type(caller.account_type))
        if self.name is None:
            return Listed(len(entries), list(entries.values()))
        found = entries.get(self.name)
        if found is None:
            raise InternalError(
                f"Unable to find API {self.name}: it does not exist, or the caller's role may not run it"
            )
        return Listed(1, [found])


def _entry(spec: CommandSpec, kind: str) -> bytes:
    view = ApiView(
        name=spec.name,
        description=spec.doc,
        since=spec.since or None,
        isasync=spec.is_async,
        related=_related(spec),
        httprequesttype="GET" if spec.name.startswith(("list", "get", "query", "find")) else "POST",
        params=[_parameter(p) for p in spec.params.values() if not p.roles or kind in p.roles],
        response=_fields(spec.view, kind),
    )
    return msgspec.json.encode(view)


def _parameter(declared: Param) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": declared.name,
        "description": declared.doc,
        "type": declared.kind.value,
        "length": declared.max_length,
        "required": declared.required,
    }
    if declared.since:
        shown["since"] = declared.since
    if declared.entity and (related := _lists_of(declared.entity)):
        shown["related"] = related
    return shown


def _lists_of(entity: str) -> str:
    """Names of the commands that list what a uuid parameter may name."""
    wanted = _ENTITIES.get(entity, entity).replace("_", "")
    return ",".join(sorted(n for n, spec in COMMANDS.items() if spec.is_list and spec.object_name.lower() == wanted))


def _related(spec: CommandSpec) -> str:
    """The other commands that answer the same kind of object."""
    return "" if spec.view is Success else ",".join(sorted(_answering(spec.view) - {spec.name}))


def _answering(view: type[View]) -> set[str]:
    return {name for name, spec in COMMANDS.items() if spec.view is view}


def _fields(view: type[View], kind: str) -> list[dict[str, Any]]:
    shown = []
    for field in fields_of(view):
        if field.roles and kind not in field.roles:
            continue
        entry: dict[str, Any] = {"name": field.name, "description": "", "type": field.type}
        if field.of and (nested := _views().get(field.of)) is not None and nested is not view:
            entry["response"] = _fields(nested, kind)
        shown.append(entry)
    return shown


@cache
def _views() -> dict[str, type[View]]:
    found: dict[str, type[View]] = {}
    pending = list(View.__subclasses__())
    for view in pending:
        found[view.__name__] = view
        pending.extend(view.__subclasses__())
    return found

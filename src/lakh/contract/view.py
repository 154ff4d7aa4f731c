"""Answers: one struct per kind of object, its fields named as the API names them.

None is left out (CloudStack omits nulls and never sends `null`); booleans and numbers are always there once given.
A field for some roles only carries them: `Annotated[str | None, admin_only]`. The writer of a list fills what the
caller may see; the declaration is what listApis and the golden surface print.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, TypeVar, get_type_hints

import msgspec

admin_only = msgspec.Meta(extra={"roles": ["Admin"]})
"""Marks a field that only root admins see."""


Integer = Annotated[int, msgspec.Meta(extra={"type": "integer"})]
"""An int that listApis calls integer; a plain int is a long."""
ApiDate = Annotated[str, msgspec.Meta(extra={"type": "date"})]
"""A date as `base.clock.api_date` writes it."""
as_set = msgspec.Meta(extra={"type": "set"})
"""Marks a list that listApis calls a set: `Annotated[list[NicView], as_set]`."""


class View(msgspec.Struct, omit_defaults=True, kw_only=True):
    """Base of answer objects. `OBJECT` is the key it stands under unless a command says otherwise.

    `jobid` and `jobstatus` name a pending job that acts on the object; the edge sets them in lists.
    """

    OBJECT: ClassVar[str] = ""

    jobid: str | None = None
    jobstatus: Integer | None = None


class Success(View):
    """`{"success": true}`, with an optional text (`displaytext` in an answer, `details` in a job result)."""

    success: bool = msgspec.field(default=True)
    displaytext: str | None = None

    OBJECT: ClassVar[str] = ""


Wider = TypeVar("Wider", bound=View)


def widened(view: View, wider: type[Wider], **more: Any) -> Wider:
    """The same answer with more fields: `wider` is a subclass of the view's class."""
    return wider(**msgspec.structs.asdict(view), **more)


class FieldSpec(msgspec.Struct, frozen=True):
    """One answer field as listApis shows it. `of` names the view of nested objects."""

    name: str
    type: str
    of: str | None = None
    roles: tuple[str, ...] = ()


_JSON_TYPES = {str: "string", int: "long", bool: "boolean", float: "double", dict: "map", list: "list"}


def fields_of(view: type[View]) -> tuple[FieldSpec, ...]:
    """The declared fields of a view, in order."""
    hints = get_type_hints(view, include_extras=True)
    return tuple(_field(f.encode_name, hints[f.name]) for f in msgspec.structs.fields(view))


def _field(name: str, hint: Any) -> FieldSpec:
    roles: tuple[str, ...] = ()
    of: str | None = None
    kind, said = "string", ""
    pending = [hint]
    while pending:
        part = pending.pop()
        for extra in getattr(part, "__metadata__", ()):
            if isinstance(extra, msgspec.Meta) and extra.extra:
                roles = tuple(extra.extra.get("roles", roles))
                said = str(extra.extra.get("type", said))
        origin = getattr(part, "__origin__", None)
        if part in _JSON_TYPES:
            kind = _JSON_TYPES[part]
        elif origin in (list, dict):
            kind = _JSON_TYPES[origin]
            of = next((a.__name__ for a in part.__args__ if isinstance(a, type) and issubclass(a, View)), None)
        elif isinstance(part, type) and issubclass(part, View):
            kind, of = "object", part.__name__
        elif hasattr(part, "__metadata__"):
            pending.append(part.__origin__)
        elif hasattr(part, "__args__"):
            pending.extend(a for a in part.__args__ if a is not type(None))
    return FieldSpec(name, said or kind, of, roles)

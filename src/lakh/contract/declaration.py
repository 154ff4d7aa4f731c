"""A command is one declaration: a class whose fields are its parameters. Everything else is derived from it:
binding, validation, role defaults, envelopes, listApis, the CLI's grammar, the golden surface.

    class CreatePod(SyncCommand, roles=ADMIN, answer=PodView, response=Pod):
        "Creates a new Pod."

        zoneid: Id = param("the zone of the pod", entity="zone", required=True)
        name: str = param("name of the pod", required=True)

The command's name is the class name with a small first letter unless `name=` says otherwise.
"""

from __future__ import annotations

import types
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Union, dataclass_transform, get_args, get_origin, get_type_hints

from lakh.contract.types import Kind
from lakh.contract.view import Success, View

Role = Literal["Admin", "ResourceAdmin", "DomainAdmin", "User"]
EVERYONE: tuple[Role, ...] = ("Admin", "ResourceAdmin", "DomainAdmin", "User")
ADMIN: tuple[Role, ...] = ("Admin",)
ADMINS: tuple[Role, ...] = ("Admin", "ResourceAdmin", "DomainAdmin")
ADMIN_AND_DOMAIN: tuple[Role, ...] = ("Admin", "DomainAdmin")

Envelope = Literal["list", "object", "success", "flat", "job", "job+id"]


@dataclass(slots=True)
class Param:
    """What `param(...)` says, completed by `Declaration` with the field's name and kind."""

    doc: str
    required: bool
    default: Any
    entity: str
    max_length: int
    since: str
    roles: tuple[str, ...]
    validations: tuple[str, ...]
    secret: bool
    name: str = ""
    kind: Kind = Kind.STRING
    of: Kind | None = None
    pairs: bool = False  # a MAP of one dict per index, not merged free keys
    as_text: bool = False  # a UUID that stays text: the command looks it up itself


def param(
    doc: str = "",
    *,
    required: bool = False,
    default: Any = None,
    entity: str = "",
    max_length: int = 255,
    since: str = "",
    roles: Iterable[str] = (),
    validations: Iterable[str] = (),
    secret: bool = False,
) -> Any:
    """Declares one parameter.

    `entity` is the table of a uuid parameter. `since` is CloudStack's release that added it: with it a malformed uuid
    is silently absent, without it a plain number is an internal id. `roles` limits who may pass it: for others it is
    ignored. `validations` are CloudStack's names (NotNullOrEmpty, PositiveNumber, UuidString, RFCComplianceDomainName).
    """
    return Param(doc, required, default, entity, max_length, since, tuple(roles), tuple(validations), secret)


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """The derived facts of one command."""

    name: str
    doc: str
    roles: tuple[str, ...]
    params: dict[str, Param]
    envelope: Envelope
    view: type[View]
    object_name: str
    response_name: str
    java_class: str
    since: str
    event: str
    instance_type: str
    public: bool
    post_only: bool
    absent_plugin: bool
    internal: bool
    declaration: type[Declaration]
    required: tuple[str, ...] = ()

    @property
    def is_async(self) -> bool:
        return self.envelope in ("job", "job+id")

    @property
    def is_list(self) -> bool:
        return self.envelope == "list"


COMMANDS: dict[str, CommandSpec] = {}
"""The public API by name."""
INTERNAL: dict[str, CommandSpec] = {}
"""Flows that only other flows and reconcilers start: no part of the API's surface, unknown to its edge."""


def spec_of(name: str) -> CommandSpec:
    """The spec of a public or internal command. Raises KeyError."""
    return COMMANDS.get(name) or INTERNAL[name]


@dataclass_transform(kw_only_default=True, field_specifiers=(param,))
class Declaration:
    """Base of all commands. Instances hold bound, validated parameters."""

    SPEC: ClassVar[CommandSpec]
    _params: ClassVar[dict[str, Param]] = {}
    _plain: ClassVar[dict[str, Any]] = {}
    _containers: ClassVar[dict[str, type]] = {}

    def __init_subclass__(
        cls,
        *,
        abstract: bool = False,
        name: str = "",
        roles: tuple[str, ...] = EVERYONE,
        answer: type[View] = Success,
        envelope: Envelope | None = None,
        response: str = "",
        object_name: str = "",
        java_class: str = "",
        since: str = "",
        event: str = "",
        instance_type: str = "",
        public: bool = False,
        post_only: bool = False,
        absent_plugin: bool = False,
        internal: bool = False,
    ) -> None:
        """`response` overrides lower(name)+"response"; `object_name` overrides the view's key; `java_class` is the
        `cmd` of queryAsyncJobResult (CloudStack's class name); `event` its event type; `instance_type` the job's
        `jobinstancetype`; `public` commands need no credentials; `absent_plugin` marks commands of plugins not here;
        `internal` ones are no part of the API.
        """
        super().__init_subclass__()
        cls._params = {**cls._params, **_declared(cls)}
        cls._plain = {n: p.default for n, p in cls._params.items() if _container(p) is None}
        cls._containers = {n: c for n, p in cls._params.items() if (c := _container(p)) is not None}
        if abstract:
            return
        command = name or cls.__name__[0].lower() + cls.__name__[1:]
        if envelope is None:
            envelope = cls._default_envelope(answer)
        spec = CommandSpec(
            command,
            " ".join((cls.__doc__ or "").split()),
            tuple(roles),
            cls._params,
            envelope,
            answer,
            object_name or answer.OBJECT,
            response or command.lower() + "response",
            java_class or f"org.apache.cloudstack.api.command.{cls.__name__}Cmd",
            since,
            event,
            instance_type,
            public,
            post_only,
            absent_plugin,
            internal,
            cls,
            tuple(n for n, p in cls._params.items() if p.required),
        )
        for known in (COMMANDS.get(command), INTERNAL.get(command)):
            if known is not None and known.declaration.__module__ != cls.__module__:
                raise TypeError(f"command {command} is declared in {known.declaration.__module__} and here")
        (INTERNAL if internal else COMMANDS)[command] = spec
        cls.SPEC = spec

    @classmethod
    def _default_envelope(cls, answer: type[View]) -> Envelope:
        return "success" if answer is Success else "object"

    def __init__(self, **values: Any) -> None:
        fields = vars(self)
        fields.update(self._plain)
        for name, container in self._containers.items():
            fields[name] = container()
        fields.update(values)
        if unknown := values.keys() - self._params.keys():
            raise TypeError(f"{type(self).__name__} has no parameter {sorted(unknown)}")


def _container(declared: Param) -> type | None:
    """What holds nothing where a list or map is not given; None for a parameter of another kind or with a default."""
    if declared.default is not None:
        return None
    if declared.kind is Kind.LIST or (declared.kind is Kind.MAP and declared.pairs):
        return list
    return dict if declared.kind is Kind.MAP else None


_PLAIN = {str: Kind.STRING, int: Kind.INTEGER, bool: Kind.BOOLEAN, float: Kind.FLOAT}


def _declared(cls: type[Declaration]) -> dict[str, Param]:
    own = {n: v for n, v in vars(cls).items() if isinstance(v, Param)}
    if not own:
        return {}
    hints = get_type_hints(cls, include_extras=True)
    for name, declared in own.items():
        declared.name = name
        _set_kind(cls, declared, hints[name])
        delattr(cls, name)
    return own


def _set_kind(cls: type[Declaration], declared: Param, hint: Any) -> None:
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(a for a in get_args(hint) if a is not type(None))
    if get_origin(hint) is Annotated:
        base, *extras = get_args(hint)
        kinds = [e for e in extras if isinstance(e, Kind)]
        declared.kind = kinds[0]
        declared.of = kinds[1] if len(kinds) > 1 else None
        declared.pairs = declared.kind is Kind.MAP and get_origin(base) is list
        declared.as_text = declared.kind is Kind.UUID and base is str
    elif hint in _PLAIN:
        declared.kind = _PLAIN[hint]
    else:
        raise TypeError(f"{cls.__name__}.{declared.name}: {hint!r} is not a parameter type")
    if Kind.UUID in (declared.kind, declared.of) and not declared.entity:
        raise TypeError(f"{cls.__name__}.{declared.name}: a uuid parameter names its entity")

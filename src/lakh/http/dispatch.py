"""From a request to its answer: find the command, find out who asks, check, bind, run, encode.

The order of the checks is CloudStack's (api-conventions, sections 2 and 7). An error with a text of its own reaches the
client; anything unexpected is logged and becomes a plain 530.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lakh.base.errors import (
    ApiError,
    InternalError,
    MethodNotAllowedError,
    ParameterError,
    ResourceInUseError,
    UnauthorizedError,
    UnsupportedCommandError,
)
from lakh.base.ids import is_uuid
from lakh.base.log import logger
from lakh.contract.binding import bind, normalized
from lakh.contract.declaration import COMMANDS, CommandSpec
from lakh.contract.encoding import (
    ERROR_RESPONSE,
    JSON_TYPE,
    XML_TYPE,
    envelope,
    error_answer,
    job_answer,
    list_answer,
    object_answer,
    success,
    to_xml,
)
from lakh.contract.signature import Pair
from lakh.contract.view import View
from lakh.http.authentication import Identities, credentials
from lakh.http.authentication_command import AuthenticationCommand, Exchange
from lakh.http.entities import Entities
from lakh.http.figures import RequestFigures
from lakh.http.message import Request, Response, header_text
from lakh.http.origin import may_call_from, may_use_keys
from lakh.http.permissions import RolePermissions
from lakh.http.sessions import Sessions
from lakh.http.strictness import STRICT, check_expiry, check_posted
from lakh.http.throttle import Throttle
from lakh.jobs.cloud import Cloud
from lakh.jobs.row import PENDING
from lakh.resources.account.row import ADMIN, SYSTEM_ACCOUNT, role_type
from lakh.resources.command import Call, Caller, JobCommand, ListCommand, Listed, SyncCommand, admit_job
from lakh.resources.configuration.values import Settings
from lakh.resources.domain.row import ROOT_DOMAIN
from lakh.resources.user.row import SYSTEM_USER
from lakh.store.store import DuplicateError, GuardFailedError

log = logger(__name__)

SYSTEM = Caller(SYSTEM_USER, SYSTEM_ACCOUNT, ROOT_DOMAIN, ADMIN, 1, "system", "/1/")
"""The caller of the integration port, and of commands that need no credentials."""

GENERIC = "Internal error executing command, please contact your system administrator"
_HIDDEN = frozenset({530, 533, 534})


@dataclass(slots=True)
class _Asked:
    """What the dispatcher knows of one request as it goes along."""

    request: Request
    pairs: list[Pair]
    command: str
    as_json: bool
    trusted: bool
    spec: CommandSpec | None = None
    caller: Caller | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Dispatcher:
    """Answers API requests on one cloud."""

    def __init__(self, cloud: Cloud, sessions: Sessions, figures: RequestFigures) -> None:
        self._cloud = cloud
        self._sessions = sessions
        self._figures = figures
        self._identities = cloud.part(Identities)
        self._entities = cloud.part(Entities)
        self._permissions = cloud.part(RolePermissions)
        self._settings = cloud.part(Settings)
        self._throttle = Throttle(cloud.clock, self._settings)
        self.before: Callable[[], Awaitable[None]] | None = None
        """Waited for before each request: this process learns what others had told by then."""

    async def answer(self, request: Request, *, trusted: bool = False) -> Response:
        """The answer of one API request. `trusted` is the integration port: no credentials, full rights."""
        started = self._cloud.clock.monotonic()
        asked = _Asked(request, [], "", False, trusted)
        try:
            if self.before is not None:
                await self.before()
            asked.pairs = request.pairs()
            _read_outer(asked)
            status, body = 200, await self._run(asked)
        except ApiError as error:
            status, body = error.errorcode, self._refusal(asked, error)
        except (DuplicateError, GuardFailedError) as race:
            refused = _lost(race)
            status, body = refused.errorcode, self._refusal(asked, refused)
        except Exception as error:
            log.error("command failed", command=asked.command[:64], exc_info=error)
            status, body = 530, self._refusal(asked, InternalError(GENERIC))
        self._figures.count(
            asked.spec.name if asked.spec else "unknown", status, self._cloud.clock.monotonic() - started
        )
        headers = asked.headers
        if asked.as_json:
            kind = _json_type(self._settings.text("json.content.type"))
            return Response(status, body, kind, headers, is_api=True)
        versioned = asked.caller is not None and self._settings.flag("expose.cloudstack.version.api.xml.response")
        return Response(status, to_xml(body, with_version=versioned), XML_TYPE, headers)

    def _refusal(self, asked: _Asked, error: ApiError) -> bytes:
        if error.errorcode in _HIDDEN and not (asked.caller is not None and asked.caller.is_root_admin):
            error = _Hidden(error)
        asked.headers += ((b"X-Description", header_text(error.text)),)
        named = asked.spec is not None and not isinstance(error, UnsupportedCommandError)
        return error_answer(asked.spec.response_name if named and asked.spec else ERROR_RESPONSE, error)

    # --- who -------------------------------------------------------------------------------------------------------
    async def _run(self, asked: _Asked) -> bytes:
        spec = asked.spec
        if spec is not None and issubclass(spec.declaration, AuthenticationCommand) and not asked.trusted:
            return await self._authenticate(asked, spec)
        caller = await self._caller(asked)
        if spec is None:
            raise _unknown(asked, caller)
        if spec.post_only and asked.request.method != "POST" and not asked.trusted:
            raise MethodNotAllowedError(f"{spec.name} must be called by POST")
        asked.caller = caller if not spec.public else asked.caller
        return await self._execute(asked, spec, caller)

    async def _caller(self, asked: _Asked) -> Caller:
        """Finds out who calls. Raises UnauthorizedError, or UnsupportedCommandError where the role lacks
        the command."""
        if asked.trusted:
            asked.caller = SYSTEM
            return SYSTEM
        spec = asked.spec
        given = credentials(asked.pairs)
        strict = self._settings.flag(STRICT)
        if strict and spec is not None and not spec.public:
            check_posted(spec, asked.request.method)
        if given is None:
            if spec is not None and spec.public:
                return SYSTEM
            return await self._session_caller(asked)
        if spec is None:
            raise UnauthorizedError
        if strict:
            check_expiry(given, self._cloud.now_ms())
        caller, key = await self._identities.signed(given)
        if not may_use_keys(caller, self._settings):
            raise UnauthorizedError
        await self._permit(asked, spec, caller)
        self._identities.check(given, key)
        asked.caller = caller
        return caller

    async def _session_caller(self, asked: _Asked) -> Caller:
        cookies = asked.request.cookies() if b"cookie" in asked.request.headers else {}
        parameter = next((value for name, value in asked.pairs if name == "sessionkey"), None)
        locations = self._settings.text("api.sessionkey.check.locations")
        session = self._sessions.checked(cookies.get("JSESSIONID"), cookies.get("sessionkey"), parameter, locations)
        if session is None:
            raise UnauthorizedError
        identity = await self._identities.of_user(session.user_id)
        if identity is None or not identity.enabled:
            self._sessions.close(session.id)
            raise UnauthorizedError
        asked.caller = identity.caller
        if asked.spec is not None:
            await self._permit(asked, asked.spec, identity.caller)
        return identity.caller

    async def _permit(self, asked: _Asked, spec: CommandSpec, caller: Caller) -> None:
        if not may_call_from(asked.request, caller, self._settings):
            log.info("call from an address not allowed", account=caller.account_name, peer=asked.request.peer)
            raise UnauthorizedError
        if not spec.public and spec.name not in await self._permissions.allowed(caller):
            raise _not_available(spec.name, caller)
        self._throttle.count(caller)

    async def _authenticate(self, asked: _Asked, spec: CommandSpec) -> bytes:
        """login, logout and their kind: they read their own parameters and set cookies."""
        if spec.post_only and asked.request.method != "POST":
            raise MethodNotAllowedError(f"{spec.name} must be called by POST")
        exchange = Exchange(self._cloud, self._sessions, self._identities, asked.request, dict(asked.pairs))
        parameters = normalized(asked.pairs)
        command = bind(spec, parameters, "User").command(())
        assert isinstance(command, AuthenticationCommand)
        try:
            view = await command.authenticate(exchange)
        finally:
            asked.headers = tuple(exchange.headers)
        return object_answer(spec, view)

    # --- what --------------------------------------------------------------------------------------------------------
    async def _execute(self, asked: _Asked, spec: CommandSpec, caller: Caller) -> bytes:
        parameters = normalized(asked.pairs)
        bound = bind(spec, parameters, role_type(caller.account_type))
        command = bound.command(await self._entities.resolve(bound.lookups) if bound.lookups else ())
        call = Call(self._cloud, caller, parameters)
        if isinstance(command, ListCommand):
            vars(command)["page_size_max"] = self._cloud.part(Settings).integer("default.page.size")
        if isinstance(command, JobCommand):
            call.custom_job_uuid = _custom_job_uuid(parameters)
            job = await admit_job(command, call)
            return job_answer(spec, job.uuid, call.created_uuid if spec.envelope == "job+id" else None)
        assert isinstance(command, SyncCommand | ListCommand)
        answer = await command.run(call)
        if isinstance(answer, Listed) and self._cloud.worker.running:
            self._show_pending_jobs(answer)
        return _encode(spec, answer)

    def _show_pending_jobs(self, listed: Listed) -> None:
        """Names the pending job that acts on a listed object, which is how the UI knows that something goes on."""
        pending_for = self._cloud.worker.pending_for
        for view in listed.views:
            uuid = getattr(view, "id", None)
            if isinstance(view, View) and isinstance(uuid, str) and (job := pending_for(uuid)) is not None:
                view.jobid, view.jobstatus = job.uuid, PENDING


@lru_cache(maxsize=16)
def _json_type(text: str) -> bytes:
    """The content type of JSON answers as a header's value; the usual one where the setting is empty."""
    return header_text(text) or JSON_TYPE


def _read_outer(asked: _Asked) -> None:
    """`command` and `response`, read with exact case; and the declaration that the command names."""
    for name, value in asked.pairs:
        if name == "command":
            asked.command = value
        elif name == "response":
            asked.as_json = value.lower() == "json"
    asked.spec = COMMANDS.get(asked.command) or _authentication_command(asked.command)


def _authentication_command(command: str) -> CommandSpec | None:
    """Authentication commands are matched without regard to case."""
    if len(command) > 64:
        return None
    lowered = command.lower()
    return next(
        (
            spec
            for name, spec in COMMANDS.items()
            if name.lower() == lowered and issubclass(spec.declaration, AuthenticationCommand)
        ),
        None,
    )


def _encode(spec: CommandSpec, answer: Any) -> bytes:
    if answer is None:
        return envelope(spec.response_name, success())
    if isinstance(answer, Listed):
        return list_answer(spec, answer.count, answer.views)
    return object_answer(spec, answer)


def _custom_job_uuid(parameters: dict[str, str]) -> str | None:
    given = parameters.get("customjobid")
    if given and not is_uuid(given):
        raise ParameterError(f"Parameter customjobid must be a uuid; {given[:64]!r} is not")
    return given.lower() if given else None


def _unknown(asked: _Asked, caller: Caller) -> ApiError:
    if not asked.command:
        return UnsupportedCommandError("The given command is missing: give command=<name>")
    if caller.is_root_admin:
        return UnsupportedCommandError(f"Unknown API command: {asked.command[:255]}")
    return _not_available(asked.command[:255], caller)


def _not_available(command: str, caller: Caller) -> ApiError:
    return UnsupportedCommandError(
        f"The API [{command}] does not exist or is not available for the account {caller.account_name}."
    )


class _Hidden(ApiError):
    """An error whose details only root admins see."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(GENERIC)
        self.errorcode = error.errorcode  # type: ignore[misc]
        self.cserrorcode = error.cserrorcode  # type: ignore[misc]


def _lost(race: DuplicateError | GuardFailedError) -> ApiError:
    """What a command says that lost against another one between its checks and its commit."""
    if isinstance(race, DuplicateError) and race.index == "async_job_uuid":
        return ParameterError(
            "A job of that customjobid exists already: it was not started again; ask for it with queryAsyncJobResult"
        )
    if isinstance(race, DuplicateError):
        return ParameterError("An object with the same name, address or id exists already; choose another one")
    log.info("guard failed", statement=race.statement)
    return ResourceInUseError("The object was changed by another operation meanwhile; try again")

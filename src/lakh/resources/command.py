"""What a command's file declares, beyond its parameters: how it runs, and as whom.

Three shapes. A `SyncCommand` answers at once. A `ListCommand` answers a page. A `JobCommand` checks and creates
synchronously (`admit` returns one TxnSpec) and leaves the rest to its flow: the framework adds the job's row and the
Scheduled event to that same transaction, so that an admitted request is a durable job, and nothing else is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import msgspec

from lakh.base import limits
from lakh.base.errors import LakhError, ParameterError
from lakh.contract.declaration import Declaration, Envelope, param, spec_of
from lakh.contract.types import Id
from lakh.contract.view import Success, View
from lakh.jobs.cloud import Cloud
from lakh.jobs.flow import FLOWS, Flow, Run, State
from lakh.jobs.row import INSERT as INSERT_JOB
from lakh.jobs.row import PENDING, JobRow
from lakh.resources.account.row import ADMIN, DOMAIN_ADMIN, RESOURCE_ADMIN
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.event.row import EventRow
from lakh.resources.management_server.draining import check_takes_jobs
from lakh.resources.user.row import SYSTEM_USER
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError, GuardFailedError, OutcomeUnknownError, StoreUnavailableError


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `account_type` decides the view; the role decides which commands (checked at the edge)."""

    user_id: int
    account_id: int
    domain_id: int
    account_type: int
    role_id: int
    account_name: str
    domain_path: str

    @property
    def is_root_admin(self) -> bool:
        return self.account_type == ADMIN

    @property
    def is_admin(self) -> bool:
        """Root, resource or domain admin."""
        return self.account_type in (ADMIN, DOMAIN_ADMIN, RESOURCE_ADMIN)


@dataclass(slots=True)
class Call:
    """One request: who, with which raw parameters, on which cloud.

    `owner` of what a job works on may differ from the caller (an admin deploying for another account).
    """

    cloud: Cloud
    caller: Caller
    parameters: dict[str, str] = field(default_factory=dict)
    custom_job_uuid: str | None = None
    created_uuid: str | None = None  # set by `admit_job`: what a create command's answer names

    def has(self, name: str) -> bool:
        """True when the request carries the parameter, with whatever value."""
        return name in self.parameters


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list: `count` is the exact total before paging."""

    count: int
    views: Sequence[View | msgspec.Raw]


@dataclass(slots=True)
class Admission:
    """What a job command decided: its transaction, the flow's first state, and what the job is about.

    `instance` is (API resource type, uuid); `created_uuid` goes into the answer of create commands; `sync_key` puts the
    job in line with others of that key; `owner` is (account id, domain id) of the resource, for the event.

    `memory` is what the flow's steps need not read again, under the names that they keep it by (`Run.memory`).

    `refused` hears of a transaction that the store refused (GuardFailedError, DuplicateError) or could not take
    (StoreUnavailableError): it gives back what was taken in memory. Of one that was refused it returns the error to
    raise, or None to have the command admitted anew.
    """

    txn: TxnSpec
    state: State
    instance: tuple[str, str] | None = None
    created_uuid: str | None = None
    sync_key: str | None = None
    owner: tuple[int, int] | None = None
    description: str = ""
    memory: dict[str, Any] | None = None
    refused: Callable[[LakhError], Awaitable[LakhError | None]] | None = None


class SyncCommand(Declaration, abstract=True):
    """Answers at once."""

    async def run(self, call: Call) -> View | Listed | None:
        """Returns the answer; None stands for success."""
        raise NotImplementedError


class ListCommand(Declaration, abstract=True):
    """Answers a page: `page` and `pagesize` come together, at most 500 (api-conventions, section 9)."""

    keyword: str | None = param("List by keyword")
    page: int | None = param("the page to answer, from 1")
    pagesize: int | None = param("entries per page")

    @classmethod
    def _default_envelope(cls, answer: type[View]) -> Envelope:
        return "list"

    async def run(self, call: Call) -> Listed:
        raise NotImplementedError

    page_size_max: ClassVar[int] = limits.PAGE_SIZE_MAX
    """The setting `default.page.size`, set by the edge on each command: default and maximum; -1 is unlimited."""

    def window(self) -> tuple[int, int]:
        """(offset, limit) of the asked page. Raises ParameterError as CloudStack does."""
        most = self.page_size_max if self.page_size_max > 0 else UNLIMITED
        if self.pagesize is not None and self.pagesize > most:
            raise ParameterError(f"Page size can't exceed max allowed page size value: {most}")
        if self.page is None and self.pagesize is None:
            return 0, most
        if self.page is None:
            if self.pagesize == -1:
                return 0, UNLIMITED
            raise ParameterError('"page" parameter is required when "pagesize" is specified')
        if self.pagesize is None:
            raise ParameterError('"pagesize" parameter is required when "page" is specified')
        if self.pagesize < 1:
            raise ParameterError(f"Invalid pagesize {self.pagesize}: give a number from 1 to {most}")
        return (max(self.page, 1) - 1) * self.pagesize, self.pagesize


UNLIMITED = 1 << 40


class OwnedListCommand(ListCommand, abstract=True):
    """A list of things that accounts own; who sees what is api-conventions, section 10."""

    account: str | None = param("list resources by account; domainid must name its domain, else the caller's is meant")
    domainid: Id | None = param("list the resources of this domain only", entity="domain")
    isrecursive: bool = param("with domainid: its whole subtree", default=False)
    listall: bool = param("all that the caller may see, not only its own", default=False)
    projectid: Id | None = param("list objects of this project; -1 for all of the caller's projects", entity="project")


class JobCommand(Declaration, abstract=True):
    """Checks and creates synchronously, then runs as a job. `FLOW` is its list of steps."""

    FLOW: ClassVar[Flow[Any]]

    def __init_subclass__(cls, *, abstract: bool = False, creates: bool = False, **options: Any) -> None:
        if not abstract:
            options.setdefault("envelope", "job+id" if creates else "job")
        super().__init_subclass__(abstract=abstract, **options)
        if not abstract:
            FLOWS[cls.SPEC.name] = cls.FLOW

    async def admit(self, call: Call) -> Admission:
        raise NotImplementedError


async def admit_job(
    command: JobCommand,
    call: Call,
    *,
    uuid: str | None = None,
    parent: JobRow | None = None,
    beside: TxnSpec | None = None,
) -> JobRow:
    """Admits a command, stores its job with what `admit` decided, and starts it. Returns the job.

    A child runs within its parent's place in line: it does not queue up behind its own parent. What stands `beside` is
    stored in the same transaction, so that neither happens without the other.

    Raises whatever the admission raises; DuplicateError on `async_job_uuid` when a job of that uuid exists.
    """
    call.cloud.worker.check_room()
    if parent is None and call.caller.user_id != SYSTEM_USER:
        await check_takes_jobs(call.cloud)
    attempts = 0
    while True:
        admission = await command.admit(call)
        job = _job_of(command, call, admission, uuid, parent)
        txn = TxnSpec(f"{command.SPEC.name}.admit").extend(beside).extend(admission.txn).put(INSERT_JOB, job)
        _announce(command, call, admission, txn)
        place = call.cloud.worker.lines.ask(job)
        txn.extend(place)
        try:
            counts = await call.cloud.store.submit(txn)
            break
        except (GuardFailedError, DuplicateError) as lost:
            call.cloud.worker.lost_races += 1
            error = lost if admission.refused is None else await admission.refused(lost)
            if error is not None or attempts == limits.JOB_STEP_RETRIES:
                raise (error or lost) from lost
            attempts += 1
        except StoreUnavailableError as away:
            give_back = partial(admission.refused or _took_nothing, away)
            if isinstance(away, OutcomeUnknownError):
                call.cloud.worker.doubts.add(job.uuid, give_back)
            else:
                await give_back()
            raise
    call.cloud.worker.start(job, admission.memory, has_place=place is not None and counts[-1] == 1)
    call.created_uuid = admission.created_uuid
    return job


async def _took_nothing(away: LakhError) -> LakhError:
    return away


def _job_of(command: JobCommand, call: Call, admission: Admission, uuid: str | None, parent: JobRow | None) -> JobRow:
    cloud, caller = call.cloud, call.caller
    return JobRow(
        id=cloud.id("async_job"),
        uuid=uuid or call.custom_job_uuid or cloud.uuid(),
        command=command.SPEC.name,
        account_id=caller.account_id,
        domain_id=caller.domain_id,
        user_id=caller.user_id,
        status=PENDING,
        step=0,
        undoing=False,
        state_json=msgspec.json.encode(admission.state).decode(),
        error_json=None,
        sync_key=None if parent is not None and parent.sync_key == admission.sync_key else admission.sync_key,
        parent_uuid=parent.uuid if parent is not None else None,
        owner=cloud.server_id,
        token=cloud.epoch,
        instance_type=admission.instance[0] if admission.instance else None,
        instance_uuid=admission.instance[1] if admission.instance else None,
        result_code=0,
        result_json=None,
        created_ms=cloud.now_ms(),
        completed_ms=None,
    )


def _announce(command: JobCommand, call: Call, admission: Admission, txn: TxnSpec) -> None:
    """Adds the Scheduled event, where the command has an event type."""
    spec, caller = command.SPEC, call.caller
    if spec.event:
        owner = admission.owner or (caller.account_id, caller.domain_id)
        text = admission.description or spec.event
        made = event(call.cloud, spec.event, "Scheduled", text, caller.user_id, owner, admission.instance)
        txn.put(INSERT_EVENT, made)


def event(
    cloud: Cloud,
    kind: str,
    state: str,
    description: str,
    user_id: int,
    owner: tuple[int, int],
    instance: tuple[str, str] | None = None,
    level: str = "INFO",
) -> EventRow:
    """The row of one event. `owner` is (account id, domain id)."""
    return EventRow(
        id=cloud.id("event"),
        uuid=cloud.uuid(),
        type=kind,
        state=state,
        level=level,
        description=description[:1024],
        user_id=user_id,
        account_id=owner[0],
        domain_id=owner[1],
        start_id=None,
        resource_type=instance[0] if instance else None,
        resource_uuid=instance[1] if instance else None,
        archived=False,
        created_ms=cloud.now_ms(),
    )


def completed(call: Call, kind: str, description: str, instance: tuple[str, str] | None = None) -> EventRow:
    """The one event of a command that answers at once, owned by its caller."""
    caller = call.caller
    owner = (caller.account_id, caller.domain_id)
    return event(call.cloud, kind, "Completed", description, caller.user_id, owner, instance)


def result_json(run: Run[Any], view: View | None, spec_name: str) -> bytes:
    """The JSON of jobresult: the object under its name, or success."""
    if view is None or isinstance(view, Success):
        return msgspec.json.encode({"success": True})
    return msgspec.json.encode({spec_of(spec_name).object_name: view})

"""What every job commits with its end: the Completed event. And how a flow runs another command as its child."""

from __future__ import annotations

import asyncio
import uuid as uuids
from typing import Any

import msgspec

from lakh.base.errors import ApiError, InternalError
from lakh.contract.declaration import COMMANDS, INTERNAL, spec_of
from lakh.jobs.cloud import Cloud
from lakh.jobs.execution import StoredError
from lakh.jobs.flow import Run
from lakh.jobs.row import BY_UUID, PENDING, SUCCEEDED, JobRow
from lakh.resources.account.row import BY_ID as ACCOUNT_BY_ID
from lakh.resources.command import Call, Caller, JobCommand, admit_job, event
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError


def completed_event(run: Run[Any], error: ApiError | None) -> TxnSpec | None:
    """The event of a job's end, where its command has an event type."""
    job, spec = run.job, COMMANDS.get(run.job.command) or INTERNAL.get(run.job.command)
    if spec is None or not spec.event:
        return None
    instance = (job.instance_type or "", job.instance_uuid or "") if job.instance_uuid else None
    text = f"Successfully completed {spec.event}" if error is None else f"Error while {spec.event}: {error.text}"
    if job.instance_uuid:
        text += f". {job.instance_type} Id: {job.instance_uuid}"
    level = "INFO" if error is None else "ERROR"
    owner = (job.account_id, job.domain_id)
    row = event(run.cloud, spec.event, "Completed", text, job.user_id, owner, instance, level)
    return TxnSpec("job.event").put(INSERT_EVENT, row)


class CommandChildren:
    """Runs commands as child flows of a job: the same work of the same parent is the same child, also after a crash."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def run(self, parent: Run[Any], command: str, what: str, parameters: dict[str, Any]) -> Any:
        """Returns the child's decoded jobresult. Raises the child's error."""
        return await self.run_as(parent.job, f"{parent.job.uuid}:{what}", command, parameters)

    async def run_shared(self, parent: Run[Any], command: str, key: str, parameters: dict[str, Any]) -> Any:
        """Like `run`, for work that several parents need once: whoever names `key` first starts it, all wait."""
        return await self.run_as(parent.job, key, command, parameters)

    async def run_as(self, job: JobRow, key: str, command: str, parameters: dict[str, Any]) -> Any:
        """Runs `command` for the account of `job`; `key` names the work in the whole installation."""
        cloud = self._cloud
        uuid = str(uuids.uuid5(uuids.NAMESPACE_OID, key))
        declaration = spec_of(command).declaration
        assert issubclass(declaration, JobCommand)
        if cloud.worker.find(uuid) is None and not await cloud.store.rows(BY_UUID, uuid):
            account = (await cloud.store.rows(ACCOUNT_BY_ID, job.account_id))[0]
            caller = Caller(job.user_id, account.id, account.domain_id, account.type, account.role_id, account.name, "")
            try:
                await admit_job(declaration(**parameters), Call(cloud, caller), uuid=uuid, parent=job)
            except DuplicateError as duplicate:
                if duplicate.index != "async_job_uuid":
                    raise
        return _outcome(await self._ended(uuid))

    async def _ended(self, uuid: str) -> JobRow:
        while True:
            done = await self._cloud.worker.wait(uuid)
            if done is None:
                rows = await self._cloud.store.rows(BY_UUID, uuid)
                done = rows[0] if rows else None
            if done is not None and done.status != PENDING:
                return done
            await asyncio.sleep(0.2)  # another server runs it


async def run_internal(call: Call, command: str, **parameters: Any) -> Any:
    """Runs a job that a command which answers at once needs done; its decoded jobresult. Raises the job's error.

    The job is durable: when the caller goes away, or the server, it still comes to its end.
    """
    declaration = spec_of(command).declaration
    assert issubclass(declaration, JobCommand)
    job = await admit_job(declaration(**parameters), Call(call.cloud, call.caller))
    done = await call.cloud.worker.wait(job.uuid)
    if done is None:
        raise InternalError(f"{command} was interrupted; it goes on by itself")
    return _outcome(done)


def _outcome(job: JobRow) -> Any:
    result = msgspec.json.decode(job.result_json or "{}")
    if job.status == SUCCEEDED:
        return result
    if isinstance(result, dict) and "errorcode" in result:
        raise StoredError(int(result["errorcode"]), str(result["errortext"]))
    raise InternalError(f"{job.command} failed")

"""deleteTags: those named by key, or key and value; all of them where none is named."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Pairs, Strings
from lakh.contract.view import Success
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.tag.resources import kind_of, resources_of
from lakh.resources.tag.row import DELETE, OF_RESOURCES, TagRow
from lakh.store.statement import TxnSpec


class DeleteTagsState(State):
    """`tags` are keys with values; without a value any will do."""

    kind: str
    resource_ids: list[int]
    tags: list[tuple[str, str | None]] = []


async def delete(run: Run[DeleteTagsState]) -> TxnSpec:
    """Removes what is there of them; what went meanwhile is no matter."""
    state = run.state
    txn = TxnSpec("tag.delete")
    for tag in await run.cloud.store.rows(OF_RESOURCES, state.kind, state.resource_ids):
        if _named(tag, state.tags):
            txn.add(DELETE, tag.id, expect=None)
    run.finish(result_json(run, Success(), run.job.command))
    return txn


def _named(tag: TagRow, wanted: list[tuple[str, str | None]]) -> bool:
    return not wanted or any(key == tag.tag_key and value in (None, tag.tag_value) for key, value in wanted)


class DeleteTags(
    JobCommand,
    answer=Success,
    since="4.0.0",
    java_class="org.apache.cloudstack.api.command.user.tag.DeleteTagsCmd",
    event="DELETE_TAGS",
):
    """Takes tags off resources of one kind."""

    resourceids: Strings = param("the resources", required=True)
    resourcetype: str = param("their kind, such as UserVm or Volume", required=True)
    tags: Pairs = param("the tags: tags[0].key, and tags[0].value where it matters; all by default")

    FLOW = Flow(DeleteTagsState, Step("delete", delete, commits=True))

    async def admit(self, call: Call) -> Admission:
        kind = kind_of(self.resourcetype)
        resources = await resources_of(call, kind, self.resourceids)
        wanted = [(tag.get("key", ""), tag.get("value")) for tag in self.tags]
        rows = await call.cloud.store.rows(OF_RESOURCES, kind, [r.id for r in resources])
        if not any(_named(tag, wanted) for tag in rows):
            raise ParameterError("Unable to find any tags which conform to specified delete parameters.")
        state = DeleteTagsState(kind=kind, resource_ids=[r.id for r in resources], tags=wanted)
        owner = (resources[0].account_id, resources[0].domain_id)
        return Admission(TxnSpec("tag.admit"), state, owner=owner, description="deleting tags")

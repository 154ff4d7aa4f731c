"""createTags: all of them on all resources, or none."""

from __future__ import annotations

from lakh.base.errors import InternalError, ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Pairs, Strings
from lakh.contract.view import Success
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.tag.resources import Resource, kind_of, resources_of
from lakh.resources.tag.row import INSERT, OF_RESOURCES, TagRow, pair_of
from lakh.store.statement import TxnSpec

MOST = 1000
"""Tags that one request makes at most: keys times resources."""


class TagState(State):
    resources: list[Resource]
    tags: list[tuple[str, str]]
    customer: str | None = None


async def create(run: Run[TagState]) -> TxnSpec:
    """Adds the tags. Raises InternalError where a resource has one of the keys already."""
    cloud, state = run.cloud, run.state
    kind = state.resources[0].kind
    known = await cloud.store.rows(OF_RESOURCES, kind, [r.id for r in state.resources])
    taken = {(tag.resource_id, tag.tag_key) for tag in known}
    txn = TxnSpec("tag.create")
    for resource in state.resources:
        for key, value in state.tags:
            if (resource.id, key) in taken:
                raise InternalError(f"tag {key} already on {kind} with id {resource.uuid}")
            txn.put(
                INSERT,
                TagRow(
                    id=cloud.id("resource_tag"),
                    uuid=cloud.uuid(),
                    resource_type=kind,
                    resource_id=resource.id,
                    resource_uuid=resource.uuid,
                    tag_key=key,
                    tag_value=value,
                    pair=pair_of(key, value),
                    customer=state.customer,
                    account_id=resource.account_id,
                    domain_id=resource.domain_id,
                    created_ms=cloud.now_ms(),
                ),
            )
    run.finish(result_json(run, Success(), run.job.command))
    return txn


class CreateTags(
    JobCommand,
    answer=Success,
    since="4.0.0",
    java_class="org.apache.cloudstack.api.command.user.tag.CreateTagsCmd",
    event="CREATE_TAGS",
):
    """Puts tags on resources of one kind."""

    resourceids: Strings = param("the resources", required=True)
    resourcetype: str = param("their kind, such as UserVm or Volume", required=True)
    tags: Pairs = param("the tags: tags[0].key, tags[0].value", required=True)
    customer: str | None = param("who else the tags are for")

    FLOW = Flow(TagState, Step("create", create, commits=True))

    async def admit(self, call: Call) -> Admission:
        kind = kind_of(self.resourcetype)
        tags = checked(self.tags)
        resources = await resources_of(call, kind, self.resourceids)
        if not resources or len(resources) * len(tags) > MOST:
            raise ParameterError(f"createTags makes 1 to {MOST} tags at once: give fewer resourceids or tags")
        owner = (resources[0].account_id, resources[0].domain_id)
        state = TagState(resources=resources, tags=tags, customer=self.customer)
        return Admission(TxnSpec("tag.admit"), state, owner=owner, description="creating tags")


def checked(tags: list[dict[str, str]]) -> list[tuple[str, str]]:
    """Keys with values, a later one of a key in place of an earlier one. Raises ParameterError."""
    found: dict[str, str] = {}
    for tag in tags:
        key, value = tag.get("key", ""), tag.get("value", "")
        if not key or len(key) > 255 or len(value) > 255:
            raise ParameterError("tags: each has a key of 1 to 255 letters and a value of at most 255")
        found[key] = value
    return list(found.items())

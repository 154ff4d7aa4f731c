"""copyTemplate: the template in more zones, downloaded there from where it came from."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id, Ids
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.job.caller import job_caller
from lakh.resources.template.access import changeable_template
from lakh.resources.template.placing import copies_for, wanted_zones
from lakh.resources.template.row import ADD_STORE, BY_ID, LIVE, STORES_OF, UNWANT_STORE
from lakh.resources.template.view import TemplateView, entries, template_views
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec, values


class CopyState(State):
    """Which template, to which zones; `store_ids` are where it was asked for."""

    template_id: int
    zone_ids: list[int]
    store_ids: list[int] = []


async def want(run: Run[CopyState]) -> TxnSpec:
    """Asks for a copy on image stores of the zones that have none."""
    cloud, state = run.cloud, run.state
    template = (await cloud.store.rows(BY_ID, state.template_id))[0]
    if template.removed_ms is not None:
        raise ParameterError(f"Template {template.uuid} was deleted meanwhile")
    held = {copy.zone_id for copy in await cloud.store.rows(STORES_OF, template.id)}
    zones = [zone for zone in await cloud.snapshots.of(ZoneRow) if zone.id in state.zone_ids and zone.id not in held]
    copies = await copies_for(cloud, template, zones)
    state.store_ids = [copy.store_id for copy in copies]
    txn = TxnSpec("template.copy").add(LIVE, template.id)
    for copy in copies:
        txn.add(ADD_STORE, *values(copy), expect=None)
    return txn


async def unwant(run: Run[CopyState]) -> TxnSpec:
    """Asks no longer, where no download has begun."""
    txn = TxnSpec("template.uncopy")
    for store_id in run.state.store_ids:
        txn.add(UNWANT_STORE, run.state.template_id, store_id, expect=None)
    return txn


async def publish(run: Run[CopyState]) -> TxnSpec:
    """The job's result shows the template in the first of the zones."""
    template = (await run.cloud.store.rows(BY_ID, run.state.template_id))[0]
    found = await entries(run.cloud, template, run.state.zone_ids[0])
    if not found:
        found = await entries(run.cloud, template)
    view = (await template_views(run.cloud, found[:1], await job_caller(run)))[0]
    run.finish(result_json(run, view, run.job.command))
    return TxnSpec("template.copied").add(LIVE, template.id)


class CopyTemplate(
    JobCommand,
    answer=TemplateView,
    java_class="org.apache.cloudstack.api.command.admin.template.CopyTemplateCmdByAdmin",
    event="TEMPLATE.COPY",
    instance_type="Template",
):
    """Copies a template to other zones."""

    id: Id = param("the template", required=True, entity="template")
    sourcezoneid: Id | None = param("the zone it is in", entity="zone")
    destzoneid: Id | None = param("the zone it goes to", entity="zone")
    destzoneids: Ids = param("the zones it goes to", entity="zone")

    FLOW = Flow(CopyState, Step("want", want, unwant, commits=True), Step("publish", publish, commits=True))

    async def admit(self, call: Call) -> Admission:
        if (self.destzoneid is None) == (not self.destzoneids):
            raise ParameterError("Either destzoneid or destzoneids parameters have to be specified, not both")
        template = await changeable_template(call, self.id)
        if template.url is None:
            raise ParameterError(f"Template {template.uuid} cannot be copied: it was not registered by a URL")
        zones, _ = await wanted_zones(call, self.destzoneids or [self.destzoneid or 0])
        held = {copy.zone_id for copy in await call.cloud.store.rows(STORES_OF, template.id)}
        await copies_for(call.cloud, template, [zone for zone in zones if zone.id not in held])
        return Admission(
            TxnSpec("copyTemplate"),
            CopyState(template_id=template.id, zone_ids=[zone.id for zone in zones]),
            instance=("Template", template.uuid),
            sync_key=f"template:{template.id}",
            owner=(template.account_id, template.domain_id),
            description=f"copying template: {template.uuid}",
        )

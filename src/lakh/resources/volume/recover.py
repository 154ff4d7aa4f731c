"""recoverVolume: a destroyed volume is one again."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.configuration.values import Settings
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.limit.charge import charge_owner, limit_error
from lakh.resources.volume.access import owned_volume
from lakh.resources.volume.doom import usage_of
from lakh.resources.volume.row import MOVE
from lakh.resources.volume.view import VolumeView, volume_views
from lakh.store.statement import TxnSpec
from lakh.store.store import GuardFailedError


class RecoverVolume(
    SyncCommand,
    answer=VolumeView,
    event="VOLUME.RECOVER",
    java_class="org.apache.cloudstack.api.command.admin.volume.RecoverVolumeCmdByAdmin",
    since="4.14.0",
):
    """Recovers a destroyed volume that is not expunged yet."""

    id: Id = param("the volume", required=True, entity="volume")

    async def run(self, call: Call) -> VolumeView:
        cloud, volume = call.cloud, await owned_volume(call, self.id)
        allowed = cloud.part(Settings).flag("allow.user.expunge.recover.volume", ("Account", volume.account_id))
        if not call.caller.is_admin and not allowed:
            raise PermissionDeniedError("Recovering a volume is for admins only")
        if volume.state != "Destroy":
            raise ParameterError("Please specify a volume in Destroy state.")
        state = "Ready" if volume.path else "Allocated"
        txn = TxnSpec("recoverVolume").add(MOVE, volume.id, "Destroy", state, cloud.now_ms())
        await charge_owner(cloud, txn, volume.account_id, volume.domain_id, usage_of(volume))
        text = f"Volume {volume.name} recovered"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("Volume", volume.uuid)))
        try:
            await cloud.store.submit(txn)
        except GuardFailedError as failed:
            raise await limit_error(cloud, failed, volume.account_id, volume.domain_id, usage_of(volume)) from None
        return (await volume_views(cloud, [msgspec.structs.replace(volume, state=state)], call.caller))[0]

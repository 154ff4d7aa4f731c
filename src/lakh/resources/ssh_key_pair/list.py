"""listSSHKeyPairs."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.account.ownership import owned_scope
from lakh.resources.command import Call, Listed, OwnedListCommand
from lakh.resources.listing import Listing
from lakh.resources.ssh_key_pair.row import SshKeyPairRow
from lakh.resources.ssh_key_pair.view import SshKeyPairView, key_pair_views

LISTING = Listing(
    SshKeyPairRow,
    {"id": "id = $", "name": "name = $", "fingerprint": "fingerprint = $"},
    keyword=("name", "fingerprint"),
)


class ListSshKeyPairs(
    OwnedListCommand,
    name="listSSHKeyPairs",
    answer=SshKeyPairView,
    java_class="org.apache.cloudstack.api.command.user.ssh.ListSSHKeyPairsCmd",
):
    """Lists SSH key pairs."""

    id: Id | None = param("this key pair only", entity="ssh_key_pair")
    name: str | None = param("key pairs of this name")
    fingerprint: str | None = param("key pairs with this fingerprint")

    async def run(self, call: Call) -> Listed:
        scope = await owned_scope(call, self, by_id=self.id is not None)
        filters = {"id": self.id, "name": self.name, "fingerprint": self.fingerprint}
        count, rows = await LISTING.page(call.cloud, scope, filters, self.keyword, self.window())
        return Listed(count, list(await key_pair_views(call.cloud, rows)))

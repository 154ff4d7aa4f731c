"""registerSSHKeyPair."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.account.ownership import owner_of
from lakh.resources.command import Call, SyncCommand
from lakh.resources.ssh_key_pair.keys import checked
from lakh.resources.ssh_key_pair.store import store_key_pair
from lakh.resources.ssh_key_pair.view import SshKeyPairView, key_pair_views


class RegisterSshKeyPair(
    SyncCommand,
    name="registerSSHKeyPair",
    answer=SshKeyPairView,
    object_name="keypair",
    java_class="org.apache.cloudstack.api.command.user.ssh.RegisterSSHKeyPairCmd",
):
    """Registers the public half of a key pair made elsewhere."""

    name: str = param("name of the key pair", required=True)
    publickey: str = param("the public key in OpenSSH's form", required=True, max_length=5120)
    account: str | None = param("the account it is for; together with domainid")
    domainid: Id | None = param("the domain of that account", entity="domain")
    projectid: Id | None = param("the project it is for", entity="project")

    async def run(self, call: Call) -> SshKeyPairView:
        owner = await owner_of(call, self.account, self.domainid, self.projectid)
        row = await store_key_pair(call, owner, self.name, checked(self.publickey))
        return (await key_pair_views(call.cloud, [row]))[0]

"""createSSHKeyPair."""

from __future__ import annotations

import asyncio

import msgspec

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.account.ownership import owner_of
from lakh.resources.command import Call, SyncCommand
from lakh.resources.configuration.values import Settings
from lakh.resources.ssh_key_pair.keys import new_key
from lakh.resources.ssh_key_pair.store import store_key_pair
from lakh.resources.ssh_key_pair.view import CreatedSshKeyPairView, key_pair_views


class CreateSshKeyPair(
    SyncCommand,
    name="createSSHKeyPair",
    answer=CreatedSshKeyPairView,
    java_class="org.apache.cloudstack.api.command.user.ssh.CreateSSHKeyPairCmd",
):
    """Makes a key pair and answers its private half, which is not kept."""

    name: str = param("name of the key pair", required=True)
    account: str | None = param("the account it is for; together with domainid")
    domainid: Id | None = param("the domain of that account", entity="domain")
    projectid: Id | None = param("the project it is for", entity="project")

    async def run(self, call: Call) -> CreatedSshKeyPairView:
        owner = await owner_of(call, self.account, self.domainid, self.projectid)
        made = await asyncio.to_thread(new_key, call.cloud.part(Settings).integer("ssh.key.length"))
        row = await store_key_pair(call, owner, self.name, made.public_key)
        view = (await key_pair_views(call.cloud, [row]))[0]
        return CreatedSshKeyPairView(**msgspec.structs.asdict(view), privatekey=made.private_key)

"""deleteSSHKeyPair."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.contract.view import Success
from lakh.resources.account.ownership import owner_of
from lakh.resources.command import Call, SyncCommand
from lakh.resources.ssh_key_pair.row import BY_NAMES, REMOVE
from lakh.store.statement import TxnSpec


class DeleteSshKeyPair(
    SyncCommand,
    name="deleteSSHKeyPair",
    answer=Success,
    java_class="org.apache.cloudstack.api.command.user.ssh.DeleteSSHKeyPairCmd",
):
    """Deletes a key pair by its name. Instances that it was given to keep letting it in."""

    name: str = param("name of the key pair", required=True)
    account: str | None = param("the account it belongs to; together with domainid")
    domainid: Id | None = param("the domain of that account", entity="domain")
    projectid: Id | None = param("the project it belongs to", entity="project")

    async def run(self, call: Call) -> None:
        owner = await owner_of(call, self.account, self.domainid, self.projectid)
        rows = await call.cloud.store.rows(BY_NAMES, owner.id, [self.name])
        if not rows:
            raise ParameterError(f"A key pair with name '{self.name}' does not exist for account {owner.name}")
        await call.cloud.store.submit(TxnSpec("ssh_key_pair.delete").add(REMOVE, rows[0].id, call.cloud.now_ms()))

"""Storing a key pair for an account: names are unique there."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.resources.account.row import AccountRow
from lakh.resources.command import Call, event
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.ssh_key_pair.keys import fingerprint
from lakh.resources.ssh_key_pair.row import INSERT, SshKeyPairRow
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError


async def store_key_pair(call: Call, owner: AccountRow, name: str, public_key: str) -> SshKeyPairRow:
    """Inserts it with its event. Raises ParameterError when the account has a pair of that name."""
    cloud = call.cloud
    row = SshKeyPairRow(
        id=cloud.id("ssh_key_pair"),
        uuid=cloud.uuid(),
        name=name,
        account_id=owner.id,
        domain_id=owner.domain_id,
        public_key=public_key,
        fingerprint=fingerprint(public_key),
        created_ms=cloud.now_ms(),
    )
    txn = TxnSpec("ssh_key_pair.store").put(INSERT, row)
    text = f"SSH key pair {name} registered"
    whose = (owner.id, owner.domain_id)
    txn.put(INSERT_EVENT, event(cloud, "REGISTER.SSH.KEYPAIR", "Completed", text, call.caller.user_id, whose))
    try:
        await cloud.store.submit(txn)
    except DuplicateError:
        raise ParameterError(f"A key pair with name '{name}' already exists") from None
    return row

"""SSH key pairs as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence

from lakh.contract.view import Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.account.names import AccountNames
from lakh.resources.ssh_key_pair.row import SshKeyPairRow


class SshKeyPairView(View, kw_only=True):
    """A key pair without its private half."""

    id: str
    name: str
    account: str
    domainid: str
    domain: str
    projectid: str | None = None
    project: str | None = None
    fingerprint: str
    hasannotations: bool
    jobid: str | None = None
    jobstatus: Integer | None = None

    OBJECT = "sshkeypair"


class CreatedSshKeyPairView(SshKeyPairView, kw_only=True):
    """A new key pair with its private half, which is shown this once."""

    privatekey: str

    OBJECT = "keypair"


async def key_pair_views(cloud: Cloud, rows: Sequence[SshKeyPairRow]) -> list[SshKeyPairView]:
    """The views of these key pairs, in order."""
    names = cloud.part(AccountNames)
    await names.know({row.account_id for row in rows}, set())
    found = []
    for row in rows:
        owner = names.account(row.account_id)
        found.append(
            SshKeyPairView(
                id=row.uuid,
                name=row.name,
                account=owner.name,
                domainid=owner.domain_uuid,
                domain=owner.domain_name,
                fingerprint=row.fingerprint,
                hasannotations=False,
            )
        )
    return found

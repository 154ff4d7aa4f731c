"""registerUserKeys: a new pair of API and secret key.

It answers at once with the keys, as CloudStack did up to 4.22. The asynchronous form of 4.23 leaves clients of that
time with empty keys and no error, so this one is kept.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from typing import Final

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Date, Id
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.user.access import managed_user
from lakh.resources.user.row import INSERT_KEY, ApiKeyRow
from lakh.resources.user.view import KeyPairView, key_pair_views
from lakh.store.statement import TxnSpec

KEY_BYTES: Final = 64
"""86 characters each, as CloudStack's keys; from the system's generator, never from the cloud's seeded one."""


class RegisterUserKeys(
    SyncCommand,
    answer=KeyPairView,
    event="REGISTER.USER.KEY",
    java_class="org.apache.cloudstack.api.command.admin.user.RegisterUserKeysCmd",
):
    """This command allows a user to register for the developer API, returning a secret key and an API key."""

    id: Id = param("the user", required=True, entity="users")
    name: str | None = param("name of the pair; the user's name when absent")
    description: str | None = param("what the pair is for", max_length=1024)
    startdate: Date | None = param("the pair works from this time on")
    enddate: Date | None = param("the pair works up to this time")

    async def run(self, call: Call) -> KeyPairView:
        cloud = call.cloud
        user, account = await managed_user(call, self.id)
        now_ms = cloud.now_ms()
        if self.enddate is not None and self.enddate <= max(now_ms, self.startdate or 0):
            raise ParameterError("Invalid parameter enddate: it must lie in the future, and after startdate")
        pair = ApiKeyRow(
            id=cloud.id("api_key"),
            uuid=cloud.uuid(),
            user_id=user.id,
            account_id=account.id,
            domain_id=account.domain_id,
            name=self.name or user.username,
            description=self.description,
            api_key=_key(),
            secret_key=_key(),
            start_ms=self.startdate,
            end_ms=self.enddate,
            created_ms=now_ms,
        )
        txn = TxnSpec("registerUserKeys").put(INSERT_KEY, pair)
        text = f"Keys registered for user {user.username}"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("User", user.uuid)))
        await cloud.store.submit(txn)
        return (await key_pair_views(cloud, [pair]))[0]


def _key() -> str:
    return urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode().rstrip("=")

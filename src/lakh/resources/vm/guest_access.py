"""What a guest is told of its owner: password, SSH keys, user data."""

from __future__ import annotations

import base64
from random import Random
from typing import NamedTuple

from lakh.base.errors import ParameterError
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.ssh_key_pair.row import BY_NAMES
from lakh.resources.template.row import TemplateRow
from lakh.resources.user_data.row import BY_ID as USER_DATA_BY_ID

LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""None that look alike."""


class Keys(NamedTuple):
    """Names, comma-separated as the API shows them, and public keys, one a line."""

    names: str | None
    public_keys: str | None


def new_secret(random: Random, length: int) -> str:
    """A password. Production passes the system's random source."""
    return "".join(random.choices(LETTERS, k=length))


def password_for(cloud: Cloud, template: TemplateRow, given: str | None) -> str | None:
    """The password of a new VM, or a reset one; None for templates that take none. Raises ParameterError."""
    if not template.password_enabled:
        if given:
            raise ParameterError(f"password: template {template.name} does not take passwords")
        return None
    if given:
        return given
    return new_secret(cloud.random, max(cloud.part(Settings).integer("vm.password.length"), 6))


async def keys_of(cloud: Cloud, account_id: int, single: str | None, several: list[str]) -> Keys:
    """The key pairs named by `keypair` or `keypairs`. Raises ParameterError for one the account does not have."""
    if single and several:
        raise ParameterError("keypair and keypairs can't be specified together")
    names = list(dict.fromkeys([single] if single else several))
    if not names:
        return Keys(None, None)
    found = {row.name: row for row in await cloud.store.rows(BY_NAMES, account_id, names)}
    if missing := [name for name in names if name not in found]:
        raise ParameterError(f"A key pair with name '{missing[0]}' was not found")
    return Keys(",".join(names), "\n".join(found[name].public_key for name in names))


async def user_data_of(
    cloud: Cloud, account_id: int, text: str | None, user_data_id: int | None
) -> tuple[str | None, int | None]:
    """(base64 text, registered user data's id) from `userdata` and `userdataid`. Raises ParameterError."""
    if text and user_data_id is not None:
        raise ParameterError("userdata and userdataid can't be specified together")
    if user_data_id is not None:
        rows = await cloud.store.rows(USER_DATA_BY_ID, user_data_id)
        if not rows or rows[0].account_id != account_id:
            raise ParameterError("Unable to find user data by userdataid for the Instance's account")
        return rows[0].user_data, rows[0].id
    if text:
        check_user_data(cloud, text)
    return text or None, None


def check_user_data(cloud: Cloud, text: str) -> None:
    """Raises ParameterError unless `text` is base64 of no more than `vm.userdata.max.length` bytes."""
    try:
        size = len(base64.b64decode(text, validate=True))
    except ValueError:
        raise ParameterError("User data is not properly base64 encoded: give userdata in base64") from None
    most = cloud.part(Settings).integer("vm.userdata.max.length")
    if size > most:
        raise ParameterError(f"User data has {size} bytes; vm.userdata.max.length allows {most}")

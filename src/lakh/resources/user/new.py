"""The row of a new user."""

from __future__ import annotations

from zoneinfo import available_timezones

from lakh.base.errors import ParameterError
from lakh.base.ids import is_uuid
from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import AccountRow
from lakh.resources.user.password import hash_password
from lakh.resources.user.policy import check_password
from lakh.resources.user.row import UserRow


async def new_user(
    cloud: Cloud,
    account: AccountRow,
    *,
    username: str,
    password: str,
    firstname: str,
    lastname: str,
    email: str,
    timezone: str | None,
    uuid: str | None,
) -> UserRow:
    """A row to insert, its password hashed. Raises ParameterError for a uuid or time zone that is none, and
    for a password that is not as the domain wants them."""
    if uuid and not is_uuid(uuid):
        raise ParameterError(f"Invalid parameter userid {uuid}: give a uuid, or leave it out")
    check_timezone(timezone)
    await check_password(cloud, password, username, account.domain_id)
    return UserRow(
        id=cloud.id("users"),
        uuid=(uuid or "").lower() or cloud.uuid(),
        username=username,
        password=await hash_password(password),
        account_id=account.id,
        domain_id=account.domain_id,
        firstname=firstname,
        lastname=lastname,
        email=email,
        timezone=timezone or None,
        state="enabled",
        login_attempts=0,
        source="native",
        created_ms=cloud.now_ms(),
    )


def check_timezone(name: str | None) -> None:
    """Raises ParameterError for a name that is no time zone's."""
    if name and name not in available_timezones():
        raise ParameterError(f"Invalid parameter timezone {name}: give a name as Europe/Berlin or UTC")

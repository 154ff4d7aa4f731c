"""login: a user name and password for a session (api-conventions, section 3)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lakh.base.errors import LoginError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Long
from lakh.contract.view import View
from lakh.http.authentication import ENABLED
from lakh.http.authentication_command import AuthenticationCommand, Exchange
from lakh.http.origin import may_call_from
from lakh.http.sessions import IDLE_SECONDS
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.domain.row import DomainRow
from lakh.resources.domain.tree import DomainTree
from lakh.resources.management_server.row import ManagementServerRow
from lakh.resources.user.password import UNUSABLE, verify_password
from lakh.resources.user.row import BY_NAME, UserRow
from lakh.store.statement import TxnSpec, statement

FAILED = statement("user.login_failed", "UPDATE users SET login_attempts = login_attempts + 1 WHERE id = $1")
LOCK_OUT = statement(
    "user.lock_out", "UPDATE users SET state = 'disabled' WHERE id = $1 AND login_attempts >= $2 AND state = 'enabled'"
)
RESET = statement("user.login_succeeded", "UPDATE users SET login_attempts = 0 WHERE id = $1")


_SAME_SITE = {
    "Lax": ";SameSite=Lax",
    "Strict": ";SameSite=Strict",
    "NoneAndSecure": ";SameSite=None;Secure",
    "Null": "",
}
"""What `api.sessionkey.cookie.samesite` adds to the session key's cookie."""


class LoginView(View):
    """`type`, `registered`, `is2fa…` and `timezoneoffset` are strings, as clients expect them."""

    username: str | None = None
    userid: str | None = None
    domainid: str | None = None
    timeout: int | None = None
    account: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    type: str | None = None
    timezone: str | None = None
    timezoneoffset: str | None = None
    registered: str | None = None
    sessionkey: str | None = None
    is2faenabled: str | None = None
    is2faverified: str | None = None
    managementserverid: str | None = None


class Login(
    AuthenticationCommand,
    roles=ADMIN,
    answer=LoginView,
    envelope="flat",
    public=True,
    post_only=True,
    java_class="com.cloud.api.auth.DefaultLoginAPIAuthenticatorCmd",
):
    """Logs a user into the CloudStack. A successful login attempt will generate a JSESSIONID cookie value that can be
    passed in subsequent Query command calls until the "logout" command has been issued or the session has expired."""

    username: str = param("Username", required=True)
    password: str = param(
        "Password: sent as it is, so use TLS outside of a trusted network", required=True, secret=True
    )
    domain: str | None = param("Path of the domain that the user belongs to, as /sales/north; ROOT when absent")
    domainId: Long | None = param("The id of the domain instead of its path; it wins over the path")

    async def authenticate(self, exchange: Exchange) -> LoginView:
        exchange.sessions.close(exchange.request.cookies().get("JSESSIONID"))
        user, domain = await self._user(exchange)
        if not await verify_password(self.password, user.password if user else UNUSABLE) or user is None or not domain:
            await self._failed(exchange, user)
            raise self._refused()
        identity = await exchange.identities.of_user(user.id)
        if identity is None or not identity.enabled or user.state != ENABLED:
            raise self._refused()
        if user.login_attempts:
            await exchange.cloud.store.submit(TxnSpec("login").add(RESET, user.id))
        settings = exchange.cloud.part(Settings)
        if not may_call_from(exchange.request, identity.caller, settings):
            raise self._refused()
        session = exchange.sessions.open(user.id)
        secure = ";Secure;HttpOnly" if settings.flag("enable.secure.session.cookie") else ""
        same_site = _SAME_SITE.get(settings.text("api.sessionkey.cookie.samesite"), _SAME_SITE["Lax"])
        exchange.headers += [
            (b"Set-Cookie", f"JSESSIONID={session.id};Path=/client{secure}".encode()),
            (b"Set-Cookie", f"sessionkey={session.key};HttpOnly{same_site}".encode()),
        ]
        return LoginView(
            username=user.username,
            userid=user.uuid,
            domainid=domain.uuid,
            timeout=IDLE_SECONDS,
            account=identity.account.name,
            firstname=user.firstname,
            lastname=user.lastname,
            type=str(identity.account.type),
            timezone=user.timezone or "UTC",
            timezoneoffset=_offset_hours(user.timezone, exchange.cloud.now_ms()),
            registered="false",
            sessionkey=session.key,
            is2faenabled="false",
            is2faverified="true",
            managementserverid=await _server_uuid(exchange.cloud) if identity.caller.is_root_admin else None,
        )

    async def _user(self, exchange: Exchange) -> tuple[UserRow | None, DomainRow | None]:
        tree = await exchange.cloud.part(DomainTree).current()
        named = exchange.parameters.get("domainId") or exchange.parameters.get("domainid")
        if named:
            domain = tree.source.by_uuid.get(named.lower())
            if domain is None and named.isascii() and named.isdigit() and len(named) < 19:
                domain = tree.rows.get(int(named))
        else:
            domain = tree.find(self.domain or "")
        if domain is None or domain.removed_ms is not None:
            return None, None
        rows = await exchange.cloud.store.rows(BY_NAME, domain.id, self.username)
        return (rows[0] if rows else None), domain

    async def _failed(self, exchange: Exchange, user: UserRow | None) -> None:
        """Counts a failure; at the allowed number the user is disabled.

        Not a root admin: anybody who knows the name could lock out the last one who may enable users.
        """
        if user is None:
            return
        allowed = exchange.cloud.part(Settings).integer("incorrect.login.attempts.allowed")
        identity = await exchange.identities.of_user(user.id)
        txn = TxnSpec("login.failed").add(FAILED, user.id)
        if allowed > 0 and not (identity is not None and identity.caller.is_root_admin):
            txn.add(LOCK_OUT, user.id, allowed, expect=None)
        await exchange.cloud.store.submit(txn)

    def _refused(self) -> LoginError:
        return LoginError(
            f"Failed to authenticate user {self.username} in domain {self.domain or 'ROOT'}; please provide valid"
            " credentials"
        )


async def _server_uuid(cloud: Cloud) -> str | None:
    """Uuid of this server, which the user interface asks about once a root admin is in."""
    row = (await cloud.snapshots.of(ManagementServerRow)).by_id.get(cloud.server_id)
    return row.uuid if row else None


def _offset_hours(timezone: str | None, now_ms: int) -> str:
    try:
        zone = ZoneInfo(timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return "0.0"
    offset = datetime.fromtimestamp(now_ms / 1000, zone).utcoffset()
    return str(offset.total_seconds() / 3600) if offset else "0.0"

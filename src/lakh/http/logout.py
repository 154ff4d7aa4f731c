"""logout: ends the session (api-conventions, section 3)."""

from __future__ import annotations

from lakh.base.errors import ApiError
from lakh.contract.declaration import ADMIN
from lakh.contract.view import View
from lakh.http.authentication_command import AuthenticationCommand, Exchange

_RESET = (
    (b"Set-Cookie", b"JSESSIONID=;Path=/client;Max-Age=0"),
    (b"Set-Cookie", b"sessionkey=;Max-Age=0;HttpOnly;SameSite=Lax"),
)


class SessionNotFoundError(ApiError):
    errorcode = 431
    cserrorcode = None


class LogoutView(View):
    description: str | None = None


class Logout(
    AuthenticationCommand,
    roles=ADMIN,
    answer=LogoutView,
    envelope="flat",
    public=True,
    java_class="com.cloud.api.auth.DefaultLogoutAPIAuthenticatorCmd",
):
    """Logs out the user."""

    async def authenticate(self, exchange: Exchange) -> LogoutView:
        exchange.headers.extend(_RESET)
        if not exchange.sessions.close(exchange.request.cookies().get("JSESSIONID")):
            raise SessionNotFoundError("Session not found for the logout process.")
        return LogoutView(description="success")

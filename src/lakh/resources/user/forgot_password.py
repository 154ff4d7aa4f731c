"""forgotPassword: a mail to choose a new password by. Off, and says so.

The user interface asks without parameters whether to offer it; anything but a plain no ends its session
(api-conventions, section 3). So nothing is required, and the answer is flat.
"""

from __future__ import annotations

from lakh.contract.declaration import ADMIN
from lakh.contract.view import View
from lakh.resources.command import Call, SyncCommand


class ForgotPasswordView(View):
    enabled: bool | None = None


class ForgotPassword(
    SyncCommand, roles=ADMIN, answer=ForgotPasswordView, envelope="flat", public=True, since="4.20.0.0"
):
    """Tells whether a forgotten password can be replaced by mail."""

    async def run(self, call: Call) -> ForgotPasswordView:
        return ForgotPasswordView(enabled=False)

"""The system's own identity: what runs without anybody asking runs as this caller."""

from __future__ import annotations

from typing import Final

from lakh.resources.account.row import ADMIN, SYSTEM_ACCOUNT
from lakh.resources.command import Caller
from lakh.resources.domain.row import ROOT_DOMAIN
from lakh.resources.user.row import SYSTEM_USER

SYSTEM_CALLER: Final = Caller(SYSTEM_USER, SYSTEM_ACCOUNT, ROOT_DOMAIN, ADMIN, 1, "system", "/1/")

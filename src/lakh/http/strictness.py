"""The stricter rules of `enforce.post.requests.and.timestamps`, off in a fresh installation (api-conventions, 1).

What changes something must be posted, so that it stands in no log of addresses; and a signed request must expire soon,
so that one that was overheard is soon worth nothing.
"""

from __future__ import annotations

import re
from typing import Final

from lakh.base.errors import BadRequestError, UnauthorizedError
from lakh.contract.dates import parse_date
from lakh.contract.declaration import CommandSpec
from lakh.http.authentication import Credentials

STRICT: Final = "enforce.post.requests.and.timestamps"
EXPIRES_WITHIN_SECONDS: Final = 15 * 60

_reads = re.compile(r"(get|list|query|find)\w+").fullmatch


def check_posted(spec: CommandSpec, method: str) -> None:
    """Raises BadRequestError for a change that is not posted, however the caller is known."""
    if method != "POST" and not _reads(spec.name):
        raise BadRequestError(f"{spec.name} changes something: it must be sent by POST")


def check_expiry(given: Credentials, now_ms: int) -> None:
    """Raises UnauthorizedError for a signature that lasts too long, or forever."""
    if given.version != "3" or given.expires is None:
        raise UnauthorizedError
    try:
        until_ms = parse_date(given.expires)
    except ValueError:
        raise UnauthorizedError from None
    if until_ms > now_ms + EXPIRES_WITHIN_SECONDS * 1000:
        raise UnauthorizedError

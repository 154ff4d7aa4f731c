"""What the settings `password.policy.*` of a user's domain ask of a new password."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from lakh.base.errors import ParameterError
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.scope import chain
from lakh.resources.configuration.values import Settings

_MINIMA: Final[dict[str, tuple[str, Callable[[str], bool]]]] = {
    "special.characters": ("special characters", lambda c: not c.isalnum()),
    "uppercase.letters": ("upper case letters", str.isupper),
    "lowercase.letters": ("lower case letters", str.islower),
    "digits": ("digits", str.isdigit),
    "length": ("characters", lambda _: True),
}


async def check_password(cloud: Cloud, password: str, username: str, domain_id: int) -> None:
    """Raises ParameterError naming what the password lacks."""
    settings, scopes = cloud.part(Settings), await chain(cloud, ("Domain", domain_id))
    for name, (words, counts) in _MINIMA.items():
        least = settings.integer(f"password.policy.minimum.{name}", *scopes)
        if least > 0 and sum(1 for character in password if counts(character)) < least:
            raise ParameterError(f"User password should contain at least {least} {words}")
    may_hold_name = settings.flag("password.policy.allowPasswordToContainUsername", *scopes)
    if not may_hold_name and username.lower() in password.lower():
        raise ParameterError("User password should not contain the name of its user")
    pattern = settings.text("password.policy.regex", *scopes)
    try:
        fits = not pattern or re.fullmatch(pattern, password) is not None
    except re.error as error:
        raise ParameterError(f"The setting password.policy.regex is no regular expression: {error}") from None
    if not fits:
        raise ParameterError("User password does not match the expression of the password policy")

"""The API's errors: one class per CloudStack error, each with its HTTP status and `cserrorcode`.

Statuses and codes: api-conventions, section 7. A text is written for the caller: it names the parameter and what would
be right. `ApiError` is the only exception that may reach a client with its own text; anything else becomes 530.
"""

from __future__ import annotations

from typing import ClassVar


class LakhError(Exception):
    """Root of every error raised on purpose."""


class ApiError(LakhError):
    """An error with a CloudStack error code. `errorcode` is also the HTTP status.

    `cserrorcode` 9999 is CloudStack's code of a bare ServerApiException; None leaves the field out.
    """

    errorcode: ClassVar[int] = 530
    cserrorcode: ClassVar[int | None] = 9999

    def __init__(self, text: str, *, uuids: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(text)
        self.text = text
        self.uuids = uuids


class BadRequestError(ApiError):
    errorcode = 400


class UnauthorizedError(ApiError):
    """Credentials missing, wrong or expired. The text is fixed so that it tells an attacker nothing."""

    errorcode = 401
    cserrorcode = None

    def __init__(self, text: str = "unable to verify user credentials and/or request signature") -> None:
        super().__init__(text)


class MethodNotAllowedError(ApiError):
    errorcode = 405
    cserrorcode = None


class ApiLimitError(ApiError):
    """The account has made all API calls it may make in this interval; the text says when it may again."""

    errorcode = 429


class MalformedParameterError(ApiError):
    """A map parameter that is not `name[i].field=value`."""

    errorcode = 430


class ParameterError(ApiError):
    """A parameter is missing, malformed, out of range or names nothing."""

    errorcode = 431
    cserrorcode = 4350


class UnsupportedCommandError(ApiError):
    """The command does not exist, or the caller's role does not allow it."""

    errorcode = 432


class TwoFactorError(ApiError):
    errorcode = 511
    cserrorcode = None


class ServiceUnavailableError(ApiError):
    """The server is overloaded, shutting down, or cannot reach its store; try again."""

    errorcode = 503


class InternalError(ApiError):
    errorcode = 530
    cserrorcode = 4250


class LoginError(ApiError):
    """Wrong user name or password: 531 and no cserrorcode (api-conventions, section 3)."""

    errorcode = 531
    cserrorcode = None


class PermissionDeniedError(ApiError):
    errorcode = 531
    cserrorcode = 4365


class AccountLimitError(ApiError):
    errorcode = 532
    cserrorcode = 4280


class InsufficientCapacityError(ApiError):
    errorcode = 533
    cserrorcode = 4325


class ResourceUnavailableError(ApiError):
    errorcode = 534
    cserrorcode = 4380


class GoneError(ResourceUnavailableError):
    """What a job works on no longer exists: there is nothing to do, and nothing to undo."""


class ResourceAllocationError(ApiError):
    """A resource limit of the account, project or domain would be exceeded."""

    errorcode = 535
    cserrorcode = 4370


class ResourceInUseError(ApiError):
    errorcode = 536
    cserrorcode = 4375


class NetworkRuleConflictError(ApiError):
    errorcode = 537
    cserrorcode = 4360

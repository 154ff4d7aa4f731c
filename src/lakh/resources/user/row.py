"""Users log in; their API keys live in rows of their own, since a user may have several pairs."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, table

SYSTEM_USER = 1
ADMIN_USER = 2


@table(
    "users",
    Index("users_uuid", "uuid", unique=True),
    Index("users_account", "account_id", "id", where="removed_ms IS NULL"),
    Index("users_domain", "domain_id", "id", where="removed_ms IS NULL"),
    Index("users_name", "domain_id", "username", where="removed_ms IS NULL", unique=True),
    big=True,
)
class UserRow(Row):
    """`password` is a salted hash as `resources/user/password.py` writes it."""

    id: int
    uuid: str
    username: str
    password: str
    account_id: Annotated[int, Ref("account")]
    domain_id: Annotated[int, Ref("domain")]
    firstname: str
    lastname: str
    email: str
    timezone: str | None
    state: str
    login_attempts: int
    source: str
    created_ms: int
    removed_ms: int | None = None


@table(
    "api_key",
    Index("api_key_uuid", "uuid", unique=True),
    Index("api_key_key", "api_key", unique=True),
    Index("api_key_user", "user_id", "id", where="removed_ms IS NULL"),
    Index("api_key_account", "account_id", "id", where="removed_ms IS NULL"),
    Index("api_key_domain", "domain_id", "id", where="removed_ms IS NULL"),
    big=True,
)
class ApiKeyRow(Row):
    """One pair of API and secret key. `start_ms` and `end_ms` bound its validity."""

    id: int
    uuid: str
    user_id: Annotated[int, Ref("users")]
    account_id: Annotated[int, Ref("account")]
    domain_id: Annotated[int, Ref("domain")]
    name: str
    description: str | None
    api_key: str
    secret_key: str
    start_ms: int | None
    end_ms: int | None
    created_ms: int
    removed_ms: int | None = None


INSERT = insert("user.insert", UserRow)
BY_ID = select("user.by_id", UserRow, "WHERE id = $1")
BY_NAME = select("user.by_name", UserRow, "WHERE domain_id = $1 AND username = $2 AND removed_ms IS NULL")
INSERT_KEY = insert("api_key.insert", ApiKeyRow)
KEY = select("api_key.by_key", ApiKeyRow, "WHERE api_key = $1 AND removed_ms IS NULL")
KEYS_OF_USER = select("api_key.of_user", ApiKeyRow, "WHERE user_id = $1 AND removed_ms IS NULL ORDER BY id")
SET_STATE = statement("user.set_state", "UPDATE users SET state = $2 WHERE id = $1 AND removed_ms IS NULL")
REMOVE_KEYS = statement(
    "api_key.remove_of_user", "UPDATE api_key SET removed_ms = $2 WHERE user_id = $1 AND removed_ms IS NULL"
)
REMOVE_KEY = statement("api_key.remove", "UPDATE api_key SET removed_ms = $2 WHERE id = $1 AND removed_ms IS NULL")
KEY_BY_ID = select("api_key.by_id", ApiKeyRow, "WHERE id = $1")
ENABLE = statement(
    "user.enable", "UPDATE users SET state = 'enabled', login_attempts = 0 WHERE id = $1 AND removed_ms IS NULL"
)

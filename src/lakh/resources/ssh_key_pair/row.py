"""SSH key pairs: public keys that guests let in. The private half is given out once and never kept."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, table


@table(
    "ssh_key_pair",
    Index("ssh_key_pair_uuid", "uuid", unique=True),
    Index("ssh_key_pair_name", "account_id", "name", where="removed_ms IS NULL", unique=True),
    Index("ssh_key_pair_fingerprint", "account_id", "fingerprint", where="removed_ms IS NULL"),
    Index("ssh_key_pair_domain", "domain_id", "id", where="removed_ms IS NULL"),
    big=True,
)
class SshKeyPairRow(Row):
    """`fingerprint` is the MD5 of the public key's bytes in hexadecimal pairs."""

    id: int
    uuid: str
    name: str
    account_id: Annotated[int, Ref("account")]
    domain_id: Annotated[int, Ref("domain")]
    public_key: str
    fingerprint: str
    created_ms: int
    removed_ms: int | None = None


INSERT = insert("ssh_key_pair.insert", SshKeyPairRow)
BY_NAMES = select(
    "ssh_key_pair.by_names", SshKeyPairRow, "WHERE account_id = $1 AND name = ANY($2) AND removed_ms IS NULL"
)
REMOVE = statement(
    "ssh_key_pair.remove", "UPDATE ssh_key_pair SET removed_ms = $2 WHERE id = $1 AND removed_ms IS NULL"
)

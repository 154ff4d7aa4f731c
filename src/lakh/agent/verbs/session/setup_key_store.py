"""SetupKeyStoreCommand: make a key, ask for a certificate (agent-protocol 3.7)."""

from __future__ import annotations

from lakh.agent.dispatch import ALL_AGENTS, done, verb
from lakh.agent.host import Agent, Keystore
from lakh.wire.certificates import key_pem, new_p256_key, signing_request
from lakh.wire.message import CA, Message


@verb(CA + "SetupKeyStoreCommand", answer=CA + "SetupKeystoreAnswer", agents=ALL_AGENTS, early=True)
def set_up_key_store(agent: Agent, command: Message) -> Message:
    """A new P-256 key and a PKCS#10 request in PEM. P-256: a thousand agents may be asked at once."""
    key = new_p256_key()
    agent.keystore = Keystore(key_pem(key).decode(), "", "")
    name, address = agent.own_name, agent.own_address
    request = signing_request(key, name=name, sans=[name, address] if address else [name])
    return done(CA + "SetupKeystoreAnswer", csr=request.decode())

"""SetupKeyStoreCommand: make a key, ask for a certificate (agent-protocol 3.7)."""

from __future__ import annotations

from lakh.agent.dispatch import ALL_AGENTS, done, verb
from lakh.agent.host import Agent
from lakh.wire.certificates import key_der, new_p256_key, signing_request
from lakh.wire.message import CA, Message


@verb(CA + "SetupKeyStoreCommand", answer=CA + "SetupKeystoreAnswer", agents=ALL_AGENTS, early=True)
def set_up_key_store(agent: Agent, command: Message) -> Message:
    """A new P-256 key and a PKCS#10 request in PEM. P-256: a thousand agents may be asked at once.

    The certificate in use stays until the new one is there: a link that breaks in between costs nothing.
    """
    key = new_p256_key()
    agent.new_key = key_der(key)
    sans = [san for san in (agent.own_name, agent.own_address, agent.dials_from) if san]
    request = signing_request(key, name=agent.own_name, sans=sans)
    return done(CA + "SetupKeystoreAnswer", csr=request.decode())

"""Commands and answers as the agent protocol carries them: a Java class name and its fields.

A frame's payload is a JSON array of single-key objects, `[{"<class>": {fields}}, …]` (agent-protocol 2.6). A Message is
one of them. Bodies are plain dicts: unknown fields must be kept, and most are passed on untouched.
"""

from __future__ import annotations

from typing import Any, NamedTuple

API = "com.cloud.agent.api."
ROUTING = API + "routing."
CHECK = API + "check."
STORAGE = API + "storage."
PROXY = API + "proxy."
OBJECT = API + "to."
SUBSYSTEM = "org.apache.cloudstack.storage.command."
STORAGE_OBJECT = "org.apache.cloudstack.storage.to."
LB = "org.apache.cloudstack.agent.lb."
CA = "org.apache.cloudstack.ca."
DIRECT_DOWNLOAD = "org.apache.cloudstack.agent.directdownload."


class Message(NamedTuple):
    """One command or answer: full Java class name, fields."""

    java_class: str
    body: dict[str, Any]

    @property
    def name(self) -> str:
        """The class's simple name, `StartCommand`."""
        return self.java_class.rpartition(".")[2]

    @property
    def result(self) -> bool:
        """An answer's `result`; absent reads as true, as for Java classes with a no-arg constructor."""
        return bool(self.body.get("result", True))

    @property
    def details(self) -> str:
        """An answer's `details`, or the empty text."""
        return self.body.get("details") or ""

"""Every bound of the product in one place: queue, pool, retry and payload sizes, and what happens at the bound."""

from __future__ import annotations

from typing import Final

# --- HTTP edge -------------------------------------------------------------------------------------------------------
HTTP_HEADER_BYTES: Final = 64 * 1024  # request line + headers; above: 431 and close
HTTP_BODY_BYTES: Final = 1024 * 1024  # CloudStack's form limit; above: 413 and close
HTTP_PARAMETERS: Final = 5000  # CloudStack's form key limit; above: 400
HTTP_HEADER_SECONDS: Final = 15.0  # from first byte to end of headers; above: 408 and close
HTTP_BODY_SECONDS: Final = 30.0  # from end of headers to end of body; above: 408 and close
HTTP_IDLE_SECONDS: Final = 75.0  # keep-alive without a request; above: close
HTTP_SEND_SECONDS: Final = 60.0  # a client that reads nothing while an answer waits; above: cut
HTTP_STOP_SECONDS: Final = 10.0  # for answers under way when the server stops; above: cut
HTTP_CONNECTIONS: Final = 4096  # open API connections; above: new ones are closed at once
HTTP_PIPELINED: Final = 16  # unanswered requests of one connection; above: reading pauses
HTTP_RESPONSE_BACKLOG_BYTES: Final = 4 * 1024 * 1024  # unsent answer bytes per connection; above: reading pauses

# --- API -------------------------------------------------------------------------------------------------------------
PAGE_SIZE_MAX: Final = 500  # default.page.size; above: 431
LIST_VALUES: Final = 1000  # values of one list parameter, each of which may cost a look-up; above: 431
LIST_SHAPES: Final = 200  # combinations of filters of one list kept with their SQL; above: written anew each time
LIST_FOUND: Final = 50_000  # ids that one filter of a list may find elsewhere; above: the engine joins them
ENTITY_IDS: Final = 50_000  # uuid → row id pairs of large tables kept in memory; above: least recently used go
IDENTITIES: Final = 20_000  # API keys with their user and account kept in memory; above: least recently used go
ROWS_CACHED: Final = 20_000  # accounts, and users, kept in memory for names in answers; above: as before
GUEST_POOLS: Final = 20_000  # isolated networks whose free addresses are known; above: least recently used go
TEMPLATES_READY: Final = 5000  # templates with the zones they are Ready in, kept in memory; above: as before
SESSIONS: Final = 100_000  # live login sessions; above: the oldest idle one ends

# --- jobs ------------------------------------------------------------------------------------------------------------
JOBS_RUNNING: Final = 2000  # flows running at once in one server; above: they wait, accounts in turns
JOBS_WAITING: Final = 100_000  # jobs waiting for a place; above: 503
JOB_STEP_RETRIES: Final = 5  # of one step, on transient errors; above: undo
JOB_RETRY_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 5.0)  # pause before each retry
JOBS_DOUBTED: Final = 500  # admissions with an unknown outcome looked up at a time; above: the next time
JOBS_REMEMBERED: Final = 5000  # finished jobs answered from memory (about 3 KiB each); above: from the store
EVENTS_PURGED: Final = 1000  # old events, or alerts, deleted in one transaction

# --- store -----------------------------------------------------------------------------------------------------------
STORE_QUEUE: Final = 20_000  # transactions waiting to commit; above: 503
STORE_GROUP: Final = 256  # transactions in one group commit
STATEMENTS_PREPARED: Final = 8192  # statements kept in an engine's form; above: least recently used go
STORE_READERS: Final = 3  # SQLite reader threads
SEARCH_QUEUED: Final = 1000  # rows that wait for SQLite's index of trigrams; from there on they are moved into it
POOL_PAGE: Final = 5000  # addresses or VLANs in use read at a time into a pool in memory
SNAPSHOT_NOTED: Final = 1000  # changed rows of a table in memory that are read by their ids; above: as a whole
SNAPSHOT_JOURNAL: Final = 10_000  # changes of such a table remembered for what is worked out from it; above: anew
HELD_SLICE: Final = 2000  # rows read at a time into columns held for lists
SENTENCE_SHAPES: Final = 20_000  # of one table's texts in memory; above: the engine searches the others
SENTENCE_SHAPES_CHARACTERS: Final = 4_000_000  # of them together; above: likewise
HELD_NOTED: Final = 20_000  # changed rows noted for those columns; above: they are read though nobody lists
PG_CONNECTIONS: Final = 12  # PostgreSQL pool
ID_BLOCK: Final = 10_000  # row ids leased at a time, per table; so many may be dealt before the store answers
ID_BLOCK_MAX: Final = 65_536  # what a lease grows to while ids are used up faster than the store answers

# --- placement -------------------------------------------------------------------------------------------------------
PLACEMENT_PROBES: Final = 8  # hosts drawn before a full scan
PLACEMENT_VERDICTS: Final = 256  # request signatures whose verdicts on hosts are remembered; above: the oldest goes
PLACEMENT_SPREADS: Final = 64  # of those, how many are kept host by host (two bytes each); above: the oldest goes
PLACEMENT_KIND_CHANGES: Final = 1024  # changes of hosts they catch up on; above: they are laid out anew

# --- wire ------------------------------------------------------------------------------------------------------------
FRAME_BYTES: Final = 18_000  # TLS bytes after one link word (agent-protocol 1.4); above: drop the connection
MESSAGE_BYTES: Final = 16 * 1024 * 1024  # plaintext of one message; above: drop the connection
INFLATED_BYTES: Final = 32 * 1024 * 1024  # gzip payload, checked before and while inflating; above: drop
TLS_PLAINTEXT_BYTES: Final = 16_384  # of one record (RFC 5246, section 6.2.1)
COMPRESS_FROM_BYTES: Final = 8192  # JSON this long is sent gzipped (agent-protocol 2.5)
HANDSHAKE_BYTES: Final = 64 * 1024  # received in one TLS handshake, certificate chains included; above: drop
STARTUP_BYTES: Final = 128 * 1024  # one message from a peer not yet attached, packed or not; above: drop
MESSAGE_COMMANDS: Final = 10_000  # commands or answers in one message; above: drop the connection

# --- gateway ---------------------------------------------------------------------------------------------------------
HANDSHAKE_SECONDS: Final = 30.0  # agent.ssl.handshake.timeout
STARTUP_SECONDS: Final = 60.0  # from handshake to Startup; above: close
HANDSHAKES_IN_FLIGHT: Final = 256  # per gateway; above: accepting pauses
HANDSHAKE_CROWDED_SECONDS: Final = 5.0  # a handshake's time at most while all places are taken; above: close
HELLOS_WAITING: Final = 4096  # connections without a whole first TLS record, per gateway; above: the oldest is closed
LISTEN_BACKLOG: Final = 4096  # connections the kernel holds for a gateway that pauses accepting
STARTUP_APART_SECONDS: Final = 5.0  # between two Startups of one agent; a sooner one is answered and not passed on
ATTACH_SECONDS: Final = 600.0  # from Startup to a control process's verdict; above: close, the agent comes back
STARTUPS_WAITING_BYTES: Final = 64 * 1024 * 1024  # Startups of hosts not yet Up, per gateway; above: close
HOST_QUEUE_BYTES: Final = 32 * 1024 * 1024  # their payloads; above: the call fails at once
HOST_QUEUE: Final = 1000  # in-sequence requests waiting for one host; above: the call fails at once
AGENT_SEND_BACKLOG_BYTES: Final = 4 * 1024 * 1024  # unsent bytes of one agent; above: drop the connection
BUS_MESSAGES_A_TURN: Final = 32  # taken from one peer in a turn of the event loop; above: in the next turns
BUS_BATCH_BYTES: Final = 256 * 1024  # messages gathered before one write to a unix socket
BUS_BACKLOG_BYTES: Final = 64 * 1024 * 1024  # unsent bus bytes; above: the peer counts as lost
BUS_MESSAGE_BYTES: Final = INFLATED_BYTES + 64 * 1024  # one bus message; above: the peer counts as lost
BUS_PEERS: Final = 256  # bus connections of one control process; above: new ones are closed at once
BUS_RETRY_SECONDS: Final = 0.5  # between a gateway's attempts to reach a control process
CONTROLS: Final = 16  # control processes of one server; above: the configuration is refused
PEER_BARRIER_SECONDS: Final = 1.0  # for all peers to tell what they committed; above: the answer goes without
PEER_LOST_SECONDS: Final = 1.0  # after which what a lost peer committed last has landed, and memory is read anew
PEER_JOIN_SECONDS: Final = 3.0  # a starting control process waits so long for the others; above: it begins without
GATEWAY_LOST_SECONDS: Final = 30.0  # a lost gateway's agents may reconnect elsewhere; after that they count as gone
REVOKED_AT_ONCE: Final = 5000  # serials of revoked certificates in one message to a gateway; above: the next message
GATEWAY_DRAIN_CLOSES: Final = 500  # links a gateway closes in a second at most when it is to be restarted
GATEWAY_DRAIN_SECONDS: Final = 20.0  # over so long it spreads them at least, so that few hosts are away at a time
GATEWAY_DRAIN_BUSY_SECONDS: Final = 60.0  # a host with calls under way then keeps its link so long; above: close
GATEWAY_RESTART_SECONDS: Final = 240.0  # one gateway's orderly end; above: it is killed
GATEWAY_LISTEN_SECONDS: Final = 60.0  # from its end until the new one listens; above: the others are left alone
GATEWAY_RESTART_PAUSE_SECONDS: Final = 12.0  # before the next one at least: an agent needs ten to come back (3.9)
GATEWAY_RETURN_SECONDS: Final = 300.0  # and so long at most, if not all agents come back
GATEWAY_RETURN_SHARE: Final = 0.005  # of the hosts may still be away then: some always are
CALL_GRACE_SECONDS: Final = 5.0  # the gateway keeps a call's time; a control process waits this much longer
CALLS_IN_FLIGHT: Final = 50_000  # host calls of one server; above: callers wait

# --- resources -------------------------------------------------------------------------------------------------------
NAMESAKES_READ: Final = 200  # Instances of a name compared one by one; above: only those of the networks at hand
VOLUME_SIZES_KNOWN: Final = 512  # sizes of new volumes whose clusters are remembered; above: all are found anew
HOST_PATIENCE_SECONDS: Final = 60.0  # how long a step waits for a host that lost its session; above: it fails
LATE_WORK_SECONDS: Final = 10.0  # pause before what a host says is believed that hung and is back
ARRIVALS_A_TURN: Final = 8  # Startups begun in one turn of the event loop; above: the next turn, after the API's
HOSTS_CONNECTING: Final = 256  # hosts in connect processing at once; above: they wait with their link open

RULESETS_AT_ONCE: Final = 200  # security group rules under way to hosts; above: the others wait
ROUTER_ENTRIES_AT_ONCE: Final = 64  # guests that one request tells a router of; above: the next request

# --- healing ---------------------------------------------------------------------------------------------------------
PORTION_PAUSE_SECONDS: Final = 4.0  # between two portions of hosts that a reconciler reads: 100,000 take minutes
RECONCILER_PAUSE_SECONDS: Final = 0.5  # between two passes of one reconciler; signals in between make one pass

# --- templates -------------------------------------------------------------------------------------------------------
DOWNLOADS_AT_ONCE: Final = 64  # answers about downloads waited for at once; above: the others wait
DOWNLOAD_ANSWER_SECONDS: Final = 50.0  # a secondary storage VM silent for longer fails the download (addendum 3.6)

# --- agents and fleet ------------------------------------------------------------------------------------------------
AGENT_REQUESTS_WAITING: Final = 1000  # requests waiting for one of an agent's five workers; above: it drops the link
FLEET_HANDSHAKES_IN_FLIGHT: Final = 128  # connections one fleet process opens at once; above: they wait
FLEET_CONNECT_SECONDS: Final = 40.0  # TCP and TLS together; above: the attempt failed
FLEET_SEND_BACKLOG_BYTES: Final = 4 * 1024 * 1024  # unsent bytes of one agent; above: it drops the link
FLEET_CONTROL_LINE_BYTES: Final = 64 * 1024  # one request on the control socket; above: close
FLEET_REJECTIONS_KEPT: Final = 20  # texts of refusals kept for the report; above: the oldest goes
HOST_EVACUATING: Final = 5  # instances moved away at once from a host that goes into maintenance
HOST_EVACUATIONS: Final = 3  # rounds of moving what is still on it; above: the maintenance fails
HOST_INVESTIGATIONS: Final = 50  # lost hosts asked about at once; above: they wait their turn
HOST_INVESTIGATION_SECONDS: Final = 50.0  # for one answer about a lost host; above: it counts as none
HOST_WITNESSES: Final = 3  # neighbours asked about one lost host
POOL_HOSTS_STORED_AT_ONCE: Final = 2000  # hosts that answered for a pool, in one transaction; above: the next one
POOL_HOSTS_STORE_SECONDS: Final = 5.0  # so old their answers get before they are stored all the same
POOL_FAILURES_TOLD: Final = 20  # hosts without a new pool told of one by one; above: one event for each reason
CERTIFICATES_AT_ONCE: Final = 50  # hosts that are given certificates at once; above: they wait
CERTIFICATES_A_ROUND: Final = 500  # hosts that are given certificates in one pass; above: in the next
CERTIFICATE_ROUND_SECONDS: Final = 10.0  # between two such passes: 50 hosts a second at most, each of which reconnects
POOLS_ASKED: Final = 10  # storage pools measured at once; above: they wait their turn

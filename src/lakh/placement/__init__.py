"""Pure: a snapshot of hosts and a request become a plan or an exact refusal."""

"""How much of the reference exists and is proven: recorded from the tests' own calls, written to docs/coverage.md."""

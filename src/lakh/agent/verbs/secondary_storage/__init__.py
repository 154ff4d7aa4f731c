"""What the agent of a secondary storage VM answers (addendum 3)."""

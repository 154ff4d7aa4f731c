"""What the agent of a console proxy VM answers (addendum 3)."""

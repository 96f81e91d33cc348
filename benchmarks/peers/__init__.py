"""The baselines: what a call costs with nothing behind it, and what a team would write instead of the service."""

"""Who calls: sign-in, sessions, passwords, and the API keys of services."""

"""Who works at the counter: accounts in one file, roles, passwords, sessions. No network takes part in any of it."""

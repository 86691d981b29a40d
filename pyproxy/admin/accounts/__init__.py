"""Who may see and change things: accounts, their sessions, tokens, and the set-up of the first one."""

"""PostgreSQL: the truth about conversations, messages, calls and agents."""

"""Which agent a message is for: the order of steps, the rules, and what rules look at."""

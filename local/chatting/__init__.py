"""WhatsApp in a terminal: what is typed, what is shown, and the user in between."""

"""Who is asking: bearer tokens and the keys that sign them."""

"""What the functions and the stream service have in common: the domain, its ports, the use cases and their adapters."""
